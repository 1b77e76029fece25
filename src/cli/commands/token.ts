import { InvalidArgumentError, type Command } from 'commander'
import { z } from 'zod'
import { readConfig } from '../../base/config.ts'
import { SCOPES, type Scope } from '../../model/account.ts'
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

const parseName = (text: string): string => {
  if (text.length <= 100 && /^[^\p{Cc}\p{Cs}]*$/u.test(text)) return text
  throw new InvalidArgumentError('It has at most 100 characters, all of which can be shown.')
}

const parseScopes = (text: string): Scope[] => {
  const scopes = z.array(z.enum(SCOPES)).min(1).max(SCOPES.length).safeParse(text.split(','))
  if (scopes.success) return scopes.data
  throw new InvalidArgumentError(`Choose of ${SCOPES.join(', ')}, with commas between them.`)
}

type CreateOptions = {
  user: string
  expires?: Date
  name?: string
  scopes?: Scope[]
  json?: boolean
}

export const add = (program: Command): void => {
  const token = program.command('token').description('tokens with which users call the HTTP API')
  addCreate(token)
  addList(token)
  addRevoke(token)
}

const addCreate = (token: Command): void => {
  token
    .command('create')
    .description('make a token; it is shown once')
    .requiredOption('--user <email>', 'whose token')
    .option('--expires <time>', 'such as 90d; never by default', parseExpiry)
    .option('--name <text>', 'what it is for', parseName)
    .option('--scopes <list>', 'instances, read and admin; instances,read by default', parseScopes)
    .option('--json', 'print JSON')
    .action(
      async ({ user: email, expires: expiresAt, name, scopes, ...options }: CreateOptions) => {
        const made = await withOperations(readConfig(), (operations) =>
          operations.createToken({ email, expiresAt, name, scopes }),
        )
        if (options.json) printJson(made)
        else
          printSecret(
            made.token,
            `Keep it: it is not shown again. Revoke it with: berth token revoke ${made.id}`,
          )
      },
    )
}

const addList = (token: Command): void => {
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
        row.email,
        row.scopes.join(','),
        row.name || '-',
        row.createdAt.slice(0, 10),
        row.expiresAt?.slice(0, 10) ?? 'never',
        row.lastUsedAt?.slice(0, 10) ?? 'never',
      ])
      print(table(['ID', 'USER', 'SCOPES', 'NAME', 'CREATED', 'EXPIRES', 'USED'], rows))
    })
}

const addRevoke = (token: Command): void => {
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
