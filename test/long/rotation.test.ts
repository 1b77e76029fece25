import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { readConfig, type Config } from '../../src/base/config.ts'
import { silentLog } from '../../src/base/log.ts'
import { prepareDatabase } from '../../src/compose/accounts/open.ts'
import type { Database } from '../../src/store/database.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { insertUser } from '../../src/store/users.ts'
import { useFleet, type Fleet } from '../support/fleet.ts'
import { send } from '../support/http.ts'
import { waitUntil } from '../support/wait-until.ts'

const COMMAND = join(import.meta.dirname, '../../dist/cli/main.js')
/** As many as a rotation needs some seconds for. */
const ROWS = 20_000
const KILLS = 3
type Key = { kid: string; state: string; values: number; removable: boolean }

/** Instances of as many users, sealed by the key that seals now. */
const fill = async (config: Config, database: Database): Promise<void> => {
  const vault = await prepareDatabase(config, database)
  const { id: userId } = await insertUser(database, 'many@berth.test')
  const rows = Array.from({ length: ROWS }, (_, index) => {
    const handle = `alp_user_${randomBytes(4).toString('hex')}_${index.toString(16).padStart(6, '0')}`
    const place = { handle, userId, service: `s${index}` }
    const seal = (column: string, text: string) => vault.seal({ ...place, column }, text)
    return [handle, place.service, seal('encrypted_api_key', '{"api_key":"k"}'), seal('sealed_secret', 's')] // prettier-ignore
  })
  await database.query(
    `insert into user_service_instances (instance_id, user_id, service_type, encrypted_api_key, secret_hash, sealed_secret)
     select h, $1, s, c, decode('00', 'hex'), x from unnest($2::text[], $3::text[], $4::text[], $5::text[]) as t(h, s, c, x)`,
    [userId, ...[0, 1, 2, 3].map((at) => rows.map((row) => row[at]))],
  )
  await vault.watch.stop()
}

/** Begins a rotation and kills it when some of the values are sealed again, and others not. */
const killHalfway = async ({ env }: Fleet, sealedBy: () => Promise<Map<string, number>>) => {
  const path = process.env['PATH'] ?? ''
  const child = spawn(process.execPath, [COMMAND, 'keys', 'rotate'], { env: { PATH: path, ...env }, stdio: 'ignore' }) // prettier-ignore
  const exited = once(child, 'exit')
  const before = await sealedBy()
  await waitUntil('it has sealed some more', async () => {
    const now = await sealedBy()
    return [...now].some(([kid, count]) => count >= (before.get(kid) ?? 0) + 2_000)
  })
  child.kill('SIGKILL')
  assert.deepEqual(await exited, [null, 'SIGKILL'])
}

describe('a rotation of keys whose process is killed', function () {
  this.timeout(180_000)
  const fleet = useFleet({ services: ['echo'] })

  it('goes on where it was, while the fleet answers every request, and no value is lost', async () => {
    fleet().configure('echo', { limits: { requestsPerSecond: 0 } })
    await fleet().json(['up'])
    const config = readConfig(fleet().env)
    const database = await openPostgres(fleet().env['DATABASE_URL'] ?? '', silentLog)
    await fill(config, database)
    await fleet().json(['user', 'add', 'anna@berth.test'])
    const create = ['instance', 'create', '--user', 'anna@berth.test', '--service', 'echo']
    const { instanceUrl } = await fleet().json<{ instanceUrl: string }>(create, { stdin: 'key' })
    const path = new URL(instanceUrl).pathname.replace(/\/mcp$/, '/tools')
    const load = { isOver: false, answers: new Map<number, number>() }
    const loading = (async () => {
      while (!load.isOver) {
        const { status } = await send(fleet().url, path)
        load.answers.set(status, (load.answers.get(status) ?? 0) + 1)
      }
    })()
    const sealedBy = async () => {
      const rows = await database.query<{ kid: string; count: string }>(
        `select split_part(encrypted_api_key, '.', 2) as kid, count(*) as count from user_service_instances group by 1`,
      )
      return new Map(rows.map(({ kid, count }) => [kid, Number(count)]))
    }
    const first = [...(await sealedBy()).keys()]
    for (let kill = 0; kill < KILLS; kill++) {
      await killHalfway(fleet(), sealedBy)
      assert.equal((await sealedBy()).size, 2, 'it was killed halfway')
    }
    const done = await fleet().json<{ kid: string; unreadable: number }>(['keys', 'rotate'])
    load.isOver = true
    await loading
    assert.deepEqual([...load.answers.keys()], [200])
    assert.deepEqual([...(await sealedBy())], [[done.kid, ROWS + 1]])
    assert.equal(done.unreadable, 0)
    const { keys } = await fleet().json<{ keys: Key[] }>(['keys', 'status'])
    assert.equal(keys.length, 2, 'all of them were one rotation')
    assert.deepEqual(keys.map(({ kid, state, removable }) => [kid, state, removable]).sort(), [[first[0], 'retired', true], [done.kid, 'active', false]].sort()) // prettier-ignore
    const vault = await prepareDatabase(config, database)
    const rows = await database.query<{ handle: string; userId: string; service: string; sealed: string }>(
      `select instance_id as handle, user_id::text as "userId", service_type as service, encrypted_api_key as sealed
       from user_service_instances where service_type <> 'echo'`,
    ) // prettier-ignore
    for (const { sealed, ...place } of rows)
      assert.equal(vault.open({ ...place, column: 'encrypted_api_key' }, sealed), '{"api_key":"k"}')
    await vault.watch.stop()
    await database.close()
  })
})
