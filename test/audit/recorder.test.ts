import assert from 'node:assert/strict'
import { join } from 'node:path'
import { readAuditEnd } from '../../src/audit/end-file.ts'
import { readConfig } from '../../src/base/config.ts'
import { prepareHome } from '../../src/base/home.ts'
import type { AuditEntry } from '../../src/model/audit.ts'
import { prepareDatabase } from '../../src/compose/accounts/open.ts'
import { openAudit } from '../../src/compose/accounts/audit.ts'
import { findAuditLogId, listAudit } from '../../src/store/audit.ts'
import { onEveryDatabase } from '../support/databases.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const entry = (over: Partial<AuditEntry> = {}): AuditEntry => ({
  actor: 'admin',
  action: 'user.add',
  target: 'user:1',
  from: '127.0.0.1',
  ...over,
})

onEveryDatabase('the audit log', (database) => {
  const temp = useTempFolder()
  beforeEach(() => database().script('drop schema public cascade; create schema public'))

  const open = async (home = database().kind) => {
    const config = readConfig({ BERTH_HOME: join(temp(), home) })
    prepareHome(config.home, config.pm2Home)
    const parts = { config, database: database(), vault: await prepareDatabase(config, database()) }
    return { config, record: await openAudit(parts) }
  }
  const all = () => listAudit(database(), { after: 0, limit: 1_000 })

  it('numbers what several writers record at the same time without gaps, and loses nothing', async () => {
    const writers = [await open(), await open(), await open()]
    const wanted = Array.from({ length: 60 }, (_, index) => `user:${index}`)
    await Promise.all(wanted.map((target, index) => writers[index % 3]!.record(entry({ target }))))
    const rows = await all()
    assert.deepEqual(rows.map(({ seq }) => seq), wanted.map((_, index) => index + 1)) // prettier-ignore
    assert.deepEqual(rows.map(({ target }) => target).sort(), [...wanted].sort())
    const end = readAuditEnd(writers[0]!.config.home.auditEndFile, await findAuditLogId(database()))
    assert.deepEqual(end, { seq: 60, hash: rows.at(-1)!.hash })
  })

  it('keeps secrets, NULs and endless texts out of every column', async () => {
    const { record } = await open()
    const token = `brt_${'a'.repeat(40)}`
    const url = 'http://h/fig_user_1a2b3c4d_9f2c1e_Sec0ndToNone0000000001/figma/mcp'
    await record(entry({ target: `x\0y ${url}`, details: { note: token, long: 'n'.repeat(9_999) } })) // prettier-ignore
    const [row] = await all()
    assert.equal(row?.target, 'xy http://h/fig_user_1a2b3c4d_9f2c1e_[secret]/figma/mcp')
    const details = JSON.parse(row.details) as Record<string, string>
    assert.equal(details['note'], 'brt_[secret]')
    assert.equal(details['long']?.length, 300)
  })

  it('says so when an entry could not be written, and goes on with the next', async () => {
    const { record } = await open()
    await database().script('alter table audit_log rename to away')
    await assert.rejects(record(entry()))
    await database().script('alter table away rename to audit_log')
    await record(entry())
    assert.equal((await all()).length, 1)
  })
})
