import { InvalidArgumentError, type Command } from 'commander'
import { z } from 'zod'
import { readConfig } from '../../base/config.ts'
import { withOperations } from '../operations.ts'
import { print, printJson, table } from '../output.ts'

type Options = { json?: boolean }

/** Checked here too: without a daemon no route checks it. */
const parseEmail = (text: string): string => {
  if (z.email().max(320).safeParse(text).success) return text
  throw new InvalidArgumentError('It is not an email address.')
}

export const add = (program: Command): void => {
  const user = program.command('user').description('the people who use the fleet')
  user
    .command('add')
    .argument('<email>', 'what the user is called by in other commands', parseEmail)
    .description('add a user')
    .option('--json', 'print JSON')
    .action(async (email: string, options: Options) => {
      const added = await withOperations(readConfig(), (operations) => operations.addUser(email))
      if (options.json) printJson(added)
      else
        print(`Added ${added.email} (${added.id}).\nNext: berth token create --user ${added.email}`)
    })
  user
    .command('list')
    .description('list the users')
    .option('--json', 'print JSON')
    .action(async (options: Options) => {
      const users = await withOperations(readConfig(), (operations) => operations.listUsers())
      if (options.json) printJson({ users })
      else print(table(['EMAIL', 'ID'], users.map(({ email, id }) => [email, id]))) // prettier-ignore
    })
}
