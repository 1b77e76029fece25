import { systemCodeOf } from '../../base/errors.ts'
import type { LegacyRow, Reason } from '../../model/legacy-row.ts'
import type { Database } from '../../store/database.ts'
import { readLegacyUsers } from '../../store/legacy/rows.ts'
import { commitLater, copyUsers, knownUsers } from '../../store/migration-writes.ts'

type LegacyUser = { id: string; email: string | null }

/**
 * Users of another database come with their instances, by id and email; never is one taken for another by the email.
 * @returns why those are left who are not here then
 */
export const bringUsers = async (
  { source, target }: { source: Database; target: Database },
  runId: string,
  rows: readonly LegacyRow[],
): Promise<Map<string, Reason>> => {
  const ids = usersOf(rows)
  const here = await knownUsers(target, ids)
  const missing = ids.filter((id) => !here.has(id))
  if (missing.length === 0) return new Map()
  const refused = await copyWhatFits(target, runId, await readLegacyUsers(source, missing))
  const copied = await knownUsers(target, missing)
  const left = missing.filter((id) => !copied.has(id))
  return new Map(left.map((id) => [id, refused.has(id) ? 'user_missing' : 'user_conflict']))
}

/** Those of the rows, each once. */
export const usersOf = (rows: readonly LegacyRow[]): string[] => [
  ...new Set(rows.flatMap(({ userId, hasUser }) => (userId !== null && hasUser ? [userId] : []))),
]

/**
 * One whom `users` does not take (it wants an email, or more than the older one says) must not keep out the others: they are
 * halved until those alone are left.
 *
 * @returns their ids
 */
const copyWhatFits = async (
  target: Database,
  runId: string,
  users: readonly LegacyUser[],
): Promise<Set<string>> => {
  if (await areTaken(target, runId, users)) return new Set()
  if (users.length === 1) return new Set(users.map(({ id }) => id))
  const middle = Math.ceil(users.length / 2)
  const first = await copyWhatFits(target, runId, users.slice(0, middle))
  const second = await copyWhatFits(target, runId, users.slice(middle))
  return new Set([...first, ...second])
}

const areTaken = async (
  target: Database,
  runId: string,
  users: readonly LegacyUser[],
): Promise<boolean> => {
  try {
    await target.transaction(async (transaction) => {
      await commitLater(transaction)
      await copyUsers(transaction, runId, users)
    })
    return true
  } catch (error) {
    if (INTEGRITY.test(systemCodeOf(error) ?? '')) return false
    throw error
  }
}

/** SQLSTATE */
const INTEGRITY = /^23/
