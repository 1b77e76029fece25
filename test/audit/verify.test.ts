import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { readConfig } from '../../src/base/config.ts'
import { prepareHome } from '../../src/base/home.ts'
import { createKeyOperations } from '../../src/compose/keys/operations.ts'
import { prepareDatabase } from '../../src/compose/accounts/open.ts'
import { openAuditLog } from '../../src/compose/accounts/audit.ts'
import { useCleanup } from '../support/cleanup.ts'
import { onEveryDatabase } from '../support/databases.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const by = { actor: 'admin', from: '127.0.0.1' }

onEveryDatabase('verifying the audit log', (database) => {
  const temp = useTempFolder()
  const cleanUp = useCleanup()
  beforeEach(() => database().script('drop schema public cascade; create schema public'))

  const open = async (entries = 0) => {
    const config = readConfig({ BERTH_HOME: join(temp(), randomBytes(4).toString('hex')) })
    prepareHome(config.home, config.pm2Home)
    const vault = await prepareDatabase(config, database())
    cleanUp(() => vault.watch.stop())
    const parts = { config, database: database(), vault }
    const audit = await openAuditLog(parts)
    const keys = createKeyOperations({ ...parts, recordAudit: audit.record })
    for (let index = 1; index <= entries; index++)
      await audit.record({ ...by, action: 'user.add', target: `user:${index}` })
    return { config, audit, keys }
  }

  it('finds nothing in a log that was only written to', async () => {
    const { audit } = await open(5)
    const { ok, checked, from, to, isAnchored } = await audit.verify()
    assert.deepEqual([ok, checked, from, to, isAnchored], [true, 5, 1, 5, true])
  })

  const TAMPERINGS: readonly [string, string, number][] = [
    ['an actor', `update audit_log set actor = 'user:x' where seq = 3`, 3],
    ['an action', `update audit_log set action = 'user.del' where seq = 3`, 3],
    ['a target', `update audit_log set target = 'user:x' where seq = 3`, 3],
    ['an address', `update audit_log set source = '::1' where seq = 3`, 3],
    ['details', `update audit_log set details = '{"a":1}' where seq = 3`, 3],
    ['a time', `update audit_log set at = at + interval '1 hour' where seq = 3`, 3],
    ['a signature', `update audit_log set mac = sha256(mac) where seq = 3`, 3],
    ['a row that is missing', 'delete from audit_log where seq = 3', 3],
    ['the first row that is missing', 'delete from audit_log where seq = 1', 1],
    ['an end that was cut, as if a backup had been restored', `with gone as (delete from audit_log where seq > 3)
       update audit_log set action = 'db.restore', details = '{"madeAt":"2026-01-01","lost":2}' where seq = 3`, 3], // prettier-ignore
    ['the last row that is missing', 'delete from audit_log where seq = 5', 5],
    ['all rows that are missing', 'delete from audit_log', 1],
    ['the identity of another log', 'update audit_identity set log_id = gen_random_uuid()', 1],
  ]
  for (const [what, sql, seq] of TAMPERINGS)
    it(`finds ${what}, changed by a writer of the database`, async () => {
      const { config, audit } = await open(5)
      await database().script(sql)
      const fresh = sql.includes('identity')
        ? await openAuditLog({ config, database: database(), vault: await prepareDatabase(config, database()) }) // prettier-ignore
        : audit
      const { ok, findings } = await fresh.verify()
      assert.equal(ok, false)
      assert.equal(findings[0]?.seq, seq)
    })

  it('finds rows that were swapped, and a chain that was computed anew without the key', async () => {
    const { audit } = await open(5)
    await database().script(`
      update audit_log set seq = 100 where seq = 2; update audit_log set seq = 2 where seq = 3;
      update audit_log set seq = 3 where seq = 100`)
    assert.deepEqual((await audit.verify()).findings.slice(0, 2).map(({ seq }) => seq), [2, 3]) // prettier-ignore
  })

  it('knows a log that retention has cut from one that somebody else has cut', async () => {
    const { audit } = await open(6)
    await database().script(`alter table audit_log disable trigger all`)
    const [, middle] = await audit.list({ limit: 3 })
    assert.equal(await audit.prune(new Date(0), by), 0)
    assert.ok(middle)
    assert.equal(await audit.prune(new Date(Date.now() + 1_000), by), 5)
    const cut = await audit.verify()
    assert.deepEqual([cut.ok, cut.from, cut.to], [true, 6, 7])
    await audit.record({ ...by, action: 'user.add', target: 'user:8' })
    await database().script('update audit_checkpoints set seq = 6; delete from audit_log where seq = 6') // prettier-ignore
    const { ok, findings } = await audit.verify()
    assert.deepEqual([ok, findings[0]], [false, { seq: 6, problem: 'cut' }])
  })

  it('goes on across a rotation of the keys, also when the old key is gone', async () => {
    const { audit, keys } = await open(4)
    await audit.prune(new Date(Date.now() + 1_000), by)
    await keys.rotate({ by })
    const [old] = (await keys.status()).keys
    await keys.remove(old?.kid ?? '', by)
    assert.equal((await audit.verify()).ok, true)
    await database().script(`update audit_log set actor = 'x' where seq = 5`)
    assert.deepEqual((await audit.verify()).findings, [{ seq: 5, problem: 'changed' }])
  })

  it('says that it has no anchor outside of the database when there is none', async () => {
    const { config, audit } = await open(2)
    rmSync(config.home.auditEndFile)
    assert.deepEqual([(await audit.verify()).ok, (await audit.verify()).isAnchored], [true, false])
  })
})
