import assert from 'node:assert/strict'
import { checkDatabase, type DatabaseNeeds } from '../../src/doctor/database.ts'
import { checkKeyRing, type KeyRingNeeds } from '../../src/doctor/key-ring.ts'
import { checkRegistry } from '../../src/doctor/registry.ts'
import { loadRegistry } from '../../src/registry/load.ts'
import { makeService } from '../support/services.ts'
import { useRegistries } from '../support/registries.ts'

const postgres: DatabaseNeeds = {
  name: 'Postgres at db.test/berth',
  isEmbedded: false,
  exists: true,
  holder: () => Promise.resolve(undefined),
  schema: () => Promise.resolve({ version: 3, newest: 3 }),
}
const embedded: DatabaseNeeds = {
  ...postgres,
  name: 'the embedded database',
  isEmbedded: true,
  schema: () => Promise.resolve(undefined),
}
const ring: KeyRingNeeds = {
  file: 'master.key',
  isThere: true,
  open: () => Promise.resolve(2),
  isNeeded: () => Promise.resolve(true),
}

describe('the checks of what is stored', () => {
  const makeRegistry = useRegistries()

  for (const [version, level, fix] of [
    [3, 'ok', ''],
    [0, 'ok', ''],
    [2, 'warning', 'berth db migrate'],
    [4, 'error', 'install that version of Berth again'],
  ] as const)
    it(`judges schema version ${version} of 3: ${level}`, async () => {
      const schema = () => Promise.resolve({ version, newest: 3 })
      const [verdict] = await checkDatabase({ ...postgres, schema })
      assert.equal(verdict?.level, level)
      assert.equal(verdict.fix, fix)
    })

  it('reports a database that does not answer, without its password', async () => {
    const schema = () => Promise.reject(new Error('postgres://ann:hunter2@db.test: refused'))
    const [verdict] = await checkDatabase({ ...postgres, schema })
    assert.equal(verdict?.level, 'error')
    assert.match(verdict.why, /refused/)
    assert.doesNotMatch(JSON.stringify(verdict), /hunter2/)
  })

  it('says of the embedded database who has it open, or whether it is there', async () => {
    const said = async (over: Partial<DatabaseNeeds>) =>
      (await checkDatabase({ ...embedded, ...over }))[0]?.what
    const holder = () => Promise.resolve({ role: 'main-api', pid: 77 })
    assert.equal(await said({ holder }), 'the embedded database, open in main-api (pid 77)')
    assert.match((await said({})) ?? '', /not open/)
    assert.match((await said({ exists: false })) ?? '', /not made yet/)
  })

  it('is content with a key ring that opens, and with none where none has sealed', async () => {
    const isNeeded = () => Promise.resolve(false)
    assert.equal((await checkKeyRing(ring))[0]?.what, '2 keys in master.key')
    assert.equal((await checkKeyRing({ ...ring, isThere: false, isNeeded }))[0]?.level, 'ok')
  })

  it('reports a key ring that is lost, or does not fit the database', async () => {
    const open = () => Promise.reject(new Error('The key ring lacks the key k1.'))
    assert.equal((await checkKeyRing({ ...ring, isThere: false }))[0]?.level, 'error')
    assert.match((await checkKeyRing({ ...ring, open }))[0]?.why ?? '', /lacks the key k1/)
  })

  it('never opens, and so never makes, a key ring that is not there', async () => {
    let opened = false
    const open = () => {
      opened = true
      return Promise.resolve(1)
    }
    await checkKeyRing({ ...ring, isThere: false, open })
    assert.equal(opened, false)
  })

  it('names each config that the registry left out, and none that it repaired', () => {
    const folder = makeRegistry({
      alpha: makeService({ name: 'alpha', port: 41_000 }),
      beta: makeService({ name: 'beta', port: 41_000 }),
      gamma: '{',
      delta: { ...makeService({ name: 'delta', port: 41_001 }), unheardOf: true },
    })
    const { services, findings } = loadRegistry(folder)
    const verdicts = checkRegistry({ services: services.length, findings })
    assert.deepEqual(
      verdicts.map(({ level, what }) => [level, /(\w+)\/config\.json is left out/.exec(what)?.[1]]),
      [
        ['error', 'gamma'],
        ['error', 'beta'],
      ],
    )
  })
})
