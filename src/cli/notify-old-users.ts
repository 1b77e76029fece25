import { AppError, messageOf } from '../base/errors.ts'
import type { Client } from './client.ts'
import { callHttp } from './http.ts'
import { print, printJson, table } from './output.ts'

export type NotifyOptions = { since: number; csv?: boolean; webhook?: string; json?: boolean }

type OldUser = {
  email: string
  userId: string
  service: string
  instanceId: string
  lastUsedAt: string
  requests: number
}

const DAY_MS = 86_400_000
const DEADLINE_MS = 15_000
const COLUMNS = ['email', 'userId', 'service', 'instanceId', 'lastUsedAt', 'requests'] as const

/** Lists who still uses old URLs, or sends the list on. @throws AppError `hook_failed` */
export const notifyOldUsers = async (client: Client, options: NotifyOptions): Promise<void> => {
  const since = new Date(Date.now() - options.since * DAY_MS).toISOString()
  const query = new URLSearchParams({ since }).toString()
  const { users } = await client.get<{ users: OldUser[] }>(`/api/v1/admin/cutover/old-urls?${query}`) // prettier-ignore
  if (options.webhook !== undefined) await post(options.webhook, { event: 'old_urls.used', since, users }) // prettier-ignore
  if (options.json) printJson({ since, users })
  else if (options.csv) for (const row of [[...COLUMNS], ...users.map(toRow)]) print(row.map(toCell).join(',')) // prettier-ignore
  else if (users.length === 0) print(`Nobody has used an old URL within ${options.since} days.`)
  else print(table(['EMAIL', 'USER', 'SERVICE', 'INSTANCE', 'LAST USED', 'REQUESTS'], users.map(toRow))) // prettier-ignore
}

const toRow = (user: OldUser): string[] => COLUMNS.map((name) => String(user[name]))

/** RFC 4180; a beginning that spreadsheets would take for a formula is made text. */
const toCell = (text: string): string => {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

const post = async (url: string, body: unknown): Promise<void> => {
  const headers = { 'content-type': 'application/json' }
  const given = { method: 'POST', headers, body: JSON.stringify(body), deadlineMs: DEADLINE_MS }
  const fail = (why: string, cause?: unknown) =>
    new AppError('hook_failed', `The list was not taken by ${new URL(url).host}: ${why}.`, { cause }) // prettier-ignore
  if (!URL.canParse(url)) throw new AppError('invalid_request', 'The webhook must be an address.')
  const answer = await callHttp(url, given).catch((cause: unknown) => {
    throw fail(messageOf(cause), cause)
  })
  if (answer.status < 200 || answer.status > 299) throw fail(`it answered ${answer.status}`)
}
