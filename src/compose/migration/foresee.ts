import type { LegacyRow, Reason } from '../../model/legacy-row.ts'
import type { Settled } from '../../migration/settle.ts'
import type { Database } from '../../store/database.ts'
import { readLegacyUsers } from '../../store/legacy/rows.ts'
import { findHolders, findTakenEmails } from '../../store/migration-foresight.ts'
import { knownUsers } from '../../store/migration-writes.ts'
import { usersOf } from './bring-users.ts'

/**
 * Why users could not be copied, as far as that can be told without trying: a table of users that was there before Berth may
 * refuse more.
 *
 * @param target undefined: it has no table of users yet, and will get Berth's own
 */
export const foreseeUsers = async (
  {
    source,
    target,
    wantsEmail,
  }: { source: Database; target: Database | undefined; wantsEmail: boolean },
  rows: readonly LegacyRow[],
): Promise<Map<string, Reason>> => {
  const ids = usersOf(rows)
  const here = target ? await knownUsers(target, ids) : new Set<string>()
  const missing = ids.filter((id) => !here.has(id))
  if (missing.length === 0) return new Map()
  const users = await readLegacyUsers(source, missing)
  const emails = users.flatMap(({ email }) => email ?? [])
  const taken = target ? await findTakenEmails(target, emails) : new Set<string>()
  const problems = users.flatMap(({ id, email }): [string, Reason][] => {
    if (email === null) return wantsEmail ? [[id, 'user_missing']] : []
    return taken.has(email) ? [[id, 'user_conflict']] : []
  })
  return new Map(problems)
}

/**
 * What would be made is left where its user has an own instance of the service already.
 *
 * @param displaced rows whose instances would be gone by then
 */
export const foreseeExisting = async (
  target: Database,
  settled: readonly Settled[],
  displaced: readonly string[],
): Promise<Settled[]> => {
  const inserts = settled.filter((one) => one.kind === 'insert')
  if (inserts.length === 0) return [...settled]
  const owners = inserts.map(({ row, service }) => ({ userId: row.userId ?? '', service }))
  const held = await findHolders(target, owners, displaced)
  return settled.map((one) =>
    one.kind === 'insert' && held.has(`${one.row.userId} ${one.service}`)
      ? { row: one.row, hash: one.hash, known: one.known, kind: 'left', reason: 'exists' }
      : one,
  )
}
