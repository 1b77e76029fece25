import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { silentLog } from '../../src/base/log.ts'
import type { Database } from '../../src/store/database.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { useCleanup } from '../support/cleanup.ts'
import { useFleet } from '../support/fleet.ts'
import { spawnGateway } from '../support/gateway-process.ts'
import { addUser } from '../support/instances.ts'
import { waitUntil } from '../support/wait-until.ts'

/** What `kill -9` may cost. */
const LOST_MS = 5_000
const RUN_MS = 9_000

describe('the usage that gateways count', function () {
  const fleet = useFleet({ services: ['alpha', 'beta'], env: { BERTH_HOSTS: '1' } })
  const cleanUp = useCleanup()
  let database: Database
  let paths: Record<string, string>

  before('up, with a user', async () => {
    await fleet().json(['up'])
    const ann = await addUser(fleet(), 'ann@example.com')
    paths = { alpha: await ann.newInstance('alpha'), beta: await ann.newInstance('beta') }
    database = await openPostgres(fleet().env['DATABASE_URL'] ?? '', silentLog)
  })
  after(() => database.close())

  const counted = async (service: string): Promise<number> => {
    const sql = `select usage_count::int as count, coalesce((select sum(requests) from service_usage where service_type = $1), 0)::int as sum
      from user_service_instances where service_type = $1`
    const [row] = await database.query<{ count: number; sum: number }>(sql, [service])
    assert.equal(row?.count, row?.sum, 'the instance and its hours say the same')
    return row?.count ?? 0
  }

  it('loses at most what came in the last five seconds when a process is killed', async () => {
    const { get, pids } = await startGateway(1)
    const times: number[] = []
    const until = Date.now() + RUN_MS
    while (Date.now() < until) {
      assert.equal((await get(`${paths['alpha'] ?? ''}/tools`)).status, 200)
      times.push(Date.now())
      await delay(10)
    }
    const killedAt = Date.now()
    process.kill(pids[0] ?? 0, 'SIGKILL')
    await delay(500) // what was on its way to the database
    const safe = times.filter((time) => time < killedAt - LOST_MS).length
    const written = await counted('alpha')
    assert.ok(safe > 100 && written >= safe, `${written} of ${times.length}, ${safe} of them old`)
    assert.ok(written <= times.length)
  })

  it('loses nothing when a gateway is stopped, with several processes too', async () => {
    const { get, stop } = await startGateway(2)
    for (let count = 0; count < 200; count++)
      assert.equal((await get(`${paths['beta'] ?? ''}/tools`)).status, 200)
    await stop()
    assert.equal(await counted('beta'), 200)
  })

  it('loses nothing in a rolling restart', async () => {
    const { get, child, pids } = await startGateway(2)
    const before = await counted('beta')
    let asked = 0
    const ask = async (): Promise<number> => {
      const { status } = await get(`${paths['beta'] ?? ''}/tools`)
      assert.equal(status, 200)
      asked += 1
      return ((await get('/health')).body as { pid: number }).pid
    }
    await ask()
    child.kill('SIGHUP')
    const seen: number[] = []
    await waitUntil('both are others', async () => {
      seen.push(await ask())
      return seen.length > 20 && seen.slice(-20).every((pid) => !pids.includes(pid))
    })
    await waitUntil('all is written', async () => (await counted('beta')) - before === asked)
  })

  const startGateway = async (processes: number) => {
    const gateway = await spawnGateway(fleet(), processes)
    cleanUp(gateway.stop)
    return gateway
  }
})
