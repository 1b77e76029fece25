import assert from 'node:assert/strict'
import { chmodSync, existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { runBerth } from '../../support/berth.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { useFleet } from '../../support/fleet.ts'
import { send } from '../../support/http.ts'
import { spawnGateway } from '../../support/gateway-process.ts'
import { startLoad } from '../../support/load.ts'
import { isAlive } from '../../support/processes.ts'
import { waitUntil } from '../../support/wait-until.ts'

const LIMITED_BURST = 4

type State = { processes: number[] }

describe('gateways beside the daemon', function () {
  this.timeout(60_000)
  const fleet = useFleet({ services: ['alpha', 'beta'], env: { BERTH_HOSTS: '1' } })
  const cleanUp = useCleanup()
  let token = ''

  before('up, with a user', async () => {
    const limits = { requestsPerSecond: 0, concurrent: 0 }
    fleet().configure('alpha', { limits })
    fleet().configure('beta', { limits: { requestsPerSecond: 0.001, burst: LIMITED_BURST } })
    await fleet().json(['up'])
    await fleet().json(['user', 'add', 'ann@example.com'])
    const made = await fleet().json<{ token: string }>(['token', 'create', '--user', 'ann@example.com']) // prettier-ignore
    token = made.token
  })

  /** @returns the path of an instance URL, without `/mcp` */
  const newInstance = async (service: string): Promise<string> => {
    const headers = { authorization: `Bearer ${token}` }
    const path = `/api/v1/services/${service}/authenticate`
    const body = { apiKey: 'key-of-ann' }
    const answer = await send(fleet().url, path, { method: 'POST', headers, body })
    const { instanceUrl } = answer.body as { instanceUrl: string }
    return new URL(instanceUrl).pathname.replace(/\/mcp$/, '')
  }

  const startGateway = async (processes: number) => {
    const gateway = await spawnGateway(fleet(), processes)
    cleanUp(gateway.stop)
    const { env } = gateway
    const restart = async (): Promise<State> => {
      const { code, stdout, stderr } = await runBerth(['gateway', 'restart', '--json'], env)
      assert.equal(code, 0, stdout + stderr)
      return JSON.parse(stdout) as State
    }
    return { ...gateway, restart }
  }

  it('share one port; a rolling restart replaces all and fails no request', async () => {
    const path = `${await newInstance('alpha')}/tools`
    const { url, pids, restart } = await startGateway(2)
    const load = startLoad([{ url: `${url}${path}` }])
    await waitUntil('the load is on', () => load.statuses.length > 50)
    const { processes } = await restart()
    const sofar = load.statuses.length
    await waitUntil('the new ones have the load', () => load.statuses.length > sofar + 50)
    await load.stop()
    assert.deepEqual(new Set(load.statuses), new Set([200]))
    assert.deepEqual(load.failures, [])
    assert.equal(processes.length, 2)
    assert.deepEqual(processes.filter((pid) => pids.includes(pid)), []) // prettier-ignore
    assert.deepEqual(pids.filter(isAlive), [])
  })

  it('hear at once of what is changed through the daemon', async () => {
    const path = `${await newInstance('alpha')}/tools`
    const { get } = await startGateway(2)
    for (let count = 0; count < 6; count += 1) assert.equal((await get(path)).status, 200)
    const headers = { authorization: `Bearer ${token}` }
    const gone = await send(fleet().url, '/api/v1/services/alpha/instance', { method: 'DELETE', headers }) // prettier-ignore
    assert.equal(gone.status, 204)
    await waitUntil('neither knows it', async () => {
      const answers = await Promise.all(Array.from({ length: 6 }, () => get(path)))
      return answers.every(({ status }) => status === 404)
    }, 5_000) // prettier-ignore
  })

  it('have the limits together that one would have alone', async () => {
    const path = `${await newInstance('beta')}/tools`
    const { get } = await startGateway(2)
    const statuses = []
    for (let count = 0; count < 30; count += 1) statuses.push((await get(path)).status)
    assert.equal(statuses.filter((status) => status === 200).length, LIMITED_BURST)
    assert.equal(statuses.filter((status) => status === 429).length, 30 - LIMITED_BURST)
  })

  it('know a fleet that comes later', async () => {
    const file = join(fleet().home, 'run', 'serviceRegistry.json')
    renameSync(file, `${file}.away`)
    const { get } = await startGateway(1)
    const path = `${await newInstance('alpha')}/tools`
    assert.equal((await get('/ready')).status, 503)
    assert.equal((await get(path)).status, 503)
    renameSync(`${file}.away`, file)
    await waitUntil('it is ready', async () => (await get('/ready')).status === 200)
    assert.equal((await get(path)).status, 200)
    assert.equal((await get('/api/v1/services')).status, 404)
  })

  it('go on as they are when what would replace them cannot start', async () => {
    const { env, get, pids } = await startGateway(1)
    const ring = join(fleet().home, 'master.key')
    chmodSync(ring, 0o644)
    const { code, stderr } = await runBerth(['gateway', 'restart'], env)
    chmodSync(ring, 0o600)
    assert.equal(code, 1)
    assert.match(stderr, /A new process did not listen/)
    assert.equal(((await get('/health')).body as { pid: number }).pid, pids[0])
  })

  it('are none without Postgres, twice on a port, or to restart where none runs', async () => {
    const { env, child, exited } = await startGateway(1)
    const again = await runBerth(['gateway'], env)
    assert.equal(again.code, 3)
    assert.match(again.stderr, /held by gateway \(pid \d+/)
    child.kill('SIGTERM')
    assert.deepEqual(await exited, [0, null])
    const none = await runBerth(['gateway', 'restart'], env)
    assert.equal(none.code, 1)
    assert.match(none.stderr, /No gateway of this home runs on port/)
    const embedded = await runBerth(['gateway'], { ...env, DATABASE_URL: '' })
    assert.equal(embedded.code, 2)
    assert.match(embedded.stderr, /needs a Postgres/)
    assert.ok(!existsSync(join(fleet().home, 'pg')))
  })
})
