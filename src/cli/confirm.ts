import { createInterface } from 'node:readline/promises'
import { AppError } from '../base/errors.ts'

/**
 * Asks on the terminal before something that cannot simply be taken back.
 * @throws AppError `confirmation_needed` when nobody is there to answer, or the answer is no
 */
export const confirm = async (question: string, isSure = false): Promise<void> => {
  if (isSure) return
  if (!process.stdin.isTTY)
    throw new AppError('confirmation_needed', `${question} Say --yes if that is what you want.`)
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await terminal.question(`${question} Go on? [y/N] `)
  terminal.close()
  if (/^y(es)?$/i.test(answer.trim())) return
  throw new AppError('confirmation_needed', 'Nothing was done.')
}
