import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { MigrationParts } from '../../src/compose/migration/run.ts'
import { HANDLE } from '../../src/model/instance.ts'
import { legacyRows, type LegacyOptions } from './legacy-database.ts'

/** How many rows are to be left, by reason. */
export const expectedLeft = (options: LegacyOptions): Record<string, number> => {
  const left: Record<string, number> = {}
  for (const { expected } of legacyRows(options))
    if ('left' in expected) left[expected.left] = (left[expected.left] ?? 0) + 1
  return left
}

/** Every old row against what became of it, read by nothing of the migration's own. */
export const compareAll = async (parts: MigrationParts, options: LegacyOptions): Promise<void> => {
  const { target, vault } = parts
  const rows = await target.query<Record<string, string | null>>(
    `select l.old_instance_id::text as id, l.outcome, l.reason, l.flags[1] as flag, i.* from migration_ledger l
     left join user_service_instances i on i.instance_id = l.instance_id`,
  )
  const byId = new Map(rows.map((row) => [row['id'], row]))
  let seen = 0
  for (const row of legacyRows(options)) {
    seen += 1
    const found = byId.get(row.id)
    assert.ok(found, `${row.id} is in the ledger`)
    if ('left' in row.expected) {
      assert.deepEqual([found['outcome'], found['reason'], found['instance_id']], ['left', row.expected.left, null]) // prettier-ignore
      continue
    }
    const handle = found['instance_id'] ?? ''
    assert.match(handle, HANDLE)
    assert.ok(handle.startsWith(`${row.type.slice(0, 3)}_user_${row.userId?.slice(0, 8)}_`))
    assert.ok(handle.endsWith(createHash('md5').update(row.id).digest('hex').slice(0, 6)))
    const place = { handle, userId: row.userId ?? '', service: row.type }
    const opened = vault.open({ ...place, column: 'encrypted_api_key' }, found['encrypted_api_key'] ?? '') // prettier-ignore
    assert.deepEqual(JSON.parse(opened), row.expected.moved)
    assert.equal(found['flag'], row.expected.isIncomplete ? 'incomplete' : null)
  }
  assert.equal(byId.size, seen)
}
