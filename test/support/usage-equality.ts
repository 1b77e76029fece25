import assert from 'node:assert/strict'
import type { Database } from '../../src/store/database.ts'
import { migrateDatabase } from '../../src/store/migrate.ts'
import { sumUsage } from '../../src/store/usage-sums.ts'
import { MIGRATIONS } from './databases.ts'
import { sendMixed } from './mixed-requests.ts'

/** Asserts that the usage of so many mixed requests is what they were, counted where they were sent. */
export const assertUsageEquals = async (database: Database, total: number): Promise<void> => {
  await migrateDatabase(database, MIGRATIONS)
  const from = new Date(Date.now() - 7_200_000)
  const { counted, bytes } = await sendMixed(database, total)
  const rows = await sumUsage(database, { from, to: new Date(Date.now() + 7_200_000), by: 'tool', limit: 100 }) // prettier-ignore
  const found = new Map(rows.map(({ name, requests, errors }) => [name, { requests, errors }]))
  const byName = (map: typeof counted) => [...map].sort(([a], [b]) => (a < b ? -1 : 1))
  assert.deepEqual(byName(found), byName(counted))
  const sum = (name: 'requests' | 'bytesIn' | 'bytesOut') => rows.reduce((all, row) => all + row[name], 0) // prettier-ignore
  assert.deepEqual([sum('requests'), sum('bytesIn'), sum('bytesOut')], [total, bytes.in, bytes.out])
}
