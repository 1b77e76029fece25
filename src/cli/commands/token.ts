import { InvalidArgumentError, type Command } from 'commander'
import { z } from 'zod'
import { readConfig } from '../../base/config.ts'
import { withOperations } from '../operations.ts'
import { print, printJson, printSecret, table } from '../output.ts'

const HOUR_MS = 3_600_000
const UNITS = { h: HOUR_MS, d: 24 * HOUR_MS, w: 7 * 24 * HOUR_MS } as const

/** `90d`, `12h`, `4w` from now. */
const parseExpiry = (text: string): Date => {
  const [, amount, unit] = /^(\d{1,5})([hdw])$/.exec(text) ?? []
  if (amount === undefined || Number(amount) === 0)
    throw new InvalidArgumentError('Write it like 12h, 90d or 4w.')
  return new Date(Date.now() + Number(amount) * UNITS[unit as keyof typeof UNITS])
}

/** Checked here too: without a daemon no route checks it. */
const parseId = (text: string): string => {
  if (z.uuid().safeParse(text).success) return text
  throw new InvalidArgumentError('It is not the id of a token; berth token list shows them.')
}

export const add = (program: Command): void => {
  const token = program.command('token').description('tokens with which users call the HTTP API')
  token
    .command('create')
    .description('make a token; it is shown once')
    .requiredOption('--user <email>', 'whose token')
    .option('--expires <time>', 'such as 90d; never by default', parseExpiry)
    .option('--json', 'print JSON')
    .action(async (options: { user: string; expires?: Date; json?: boolean }) => {
      const made = await withOperations(readConfig(), (operations) =>
        operations.createToken({ email: options.user, expiresAt: options.expires }),
      )
      if (options.json) printJson(made)
      else
        printSecret(
          made.token,
          `Keep it: it is not shown again. Revoke it with: berth token revoke ${made.id}`,
        )
    })
  token
    .command('list')
    .description('list the live tokens')
    .option('--user <email>', 'of one user')
    .option('--json', 'print JSON')
    .action(async (options: { user?: string; json?: boolean }) => {
      const tokens = await withOperations(readConfig(), (operations) =>
        operations.listTokens(options.user),
      )
      if (options.json) return printJson({ tokens })
      const rows = tokens.map((row) => [
        row.id,
        row.userId,
        row.createdAt,
        row.expiresAt ?? 'never',
      ])
      print(table(['ID', 'USER', 'CREATED', 'EXPIRES'], rows))
    })
  token
    .command('revoke')
    .argument('<id>', 'which one; berth token list shows them', parseId)
    .description('end a token at once')
    .option('--json', 'print JSON')
    .action(async (id: string, options: { json?: boolean }) => {
      await withOperations(readConfig(), (operations) => operations.revokeToken(id))
      if (options.json) printJson({ id, revoked: true })
      else print(`Revoked ${id}.`)
    })
}
