import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { createAuditRetention } from '../../src/audit/retention.ts'
import { silentLog } from '../../src/base/log.ts'
import type { By } from '../../src/model/audit.ts'

const NOW = Date.UTC(2030, 0, 31)

describe('the retention of the audit log', () => {
  const asked = new EventEmitter()
  const prune = (before: Date, by: By) => {
    asked.emit('prune', before, by)
    return Promise.reject(new Error('the database is away'))
  }
  const common = { prune, log: silentLog, now: () => NOW, firstAfterMs: 0 }

  it('cuts away what is older than its days, and lives through a failure', async () => {
    const retention = createAuditRetention({ ...common, days: 30 })
    const pruned = once(asked, 'prune')
    await retention.start()
    assert.deepEqual(await pruned, [new Date('2030-01-01T00:00:00Z'), { actor: 'system', from: 'local' }]) // prettier-ignore
    await retention.stop()
  })

  it('cuts nothing where no days are set', async () => {
    let isAsked = false
    asked.once('prune', () => (isAsked = true))
    const retention = createAuditRetention({ ...common, days: undefined })
    await retention.start()
    await retention.stop()
    assert.equal(isAsked, false)
  })
})
