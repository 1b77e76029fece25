import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { silentLog } from '../../src/base/log.ts'
import type { CutoverView } from '../../src/model/cutover.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { useFleet } from '../support/fleet.ts'
import { send } from '../support/http.ts'
import { startRecorder } from '../support/recorder.ts'
import { waitUntil } from '../support/wait-until.ts'

const POST = {
  method: 'POST',
  headers: { accept: 'application/json, text/event-stream' },
  body: { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} },
}
const INSTANCES = 12

describe('a cutover with a real daemon', function () {
  this.timeout(180_000)
  let old: Awaited<ReturnType<typeof startRecorder>>
  const env: Record<string, string> = { BERTH_HOSTS: '1' }
  before(async () => {
    old = await startRecorder(() => ({ body: '{"jsonrpc":"2.0","id":1,"result":{"by":"old"}}' }))
    env['BERTH_LEGACY_URL'] = old.url
  })
  after(() => old.stop())
  const fleet = useFleet({ services: ['alpha'], env })
  const paths: string[] = []

  before('up, with moved instances', async () => {
    fleet().configure('alpha', { limits: { requestsPerSecond: 0, concurrent: 0 } })
    await fleet().json(['up'])
    const database = await openPostgres(fleet().env['DATABASE_URL'] ?? '', silentLog)
    for (let count = 0; count < INSTANCES; count += 1) {
      const email = `user${count}@example.com`
      await fleet().json(['user', 'add', email])
      const { token } = await fleet().json<{ token: string }>(['token', 'create', '--user', email])
      const { body } = await send(fleet().url, '/api/v1/services/alpha/authenticate', { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: { apiKey: 'k' } }) // prettier-ignore
      const oldId = randomUUID()
      await database.query(
        `insert into migration_ledger (old_instance_id, old_type, outcome, instance_id, source_hash, run_id)
         values ($1, 'alpha', 'moved', $2, '', $1)`,
        [oldId, (body as { instanceId: string }).instanceId],
      )
      paths.push(`/${oldId}/mcp/alpha`)
    }
    await database.close()
    const settings = { percents: [0.001, 30, 60], toleranceMs: 1000, hooks: { stop: ['/bin/true'], start: ['/bin/true'] } } // prettier-ignore
    writeFileSync(join(fleet().home, 'cutover.json'), JSON.stringify(settings))
  })

  const status = () => fleet().json<CutoverView>(['cutover', 'status'])
  const byOf = async (path: string) => {
    const { status: code, text } = await send(fleet().url, path, POST)
    return code === 200 ? (text.includes('"by":"old"') ? 'old' : 'shared') : String(code)
  }
  const everybody = async () => new Set(await Promise.all(paths.map(byOf)))
  const whoever = new Set(['old', 'shared', 'away'])

  /** Asks under all old URLs, one after the other, for as long as the work takes, however it ends. */
  const underLoad = async (work: () => Promise<void>): Promise<string[]> => {
    const seen: string[] = []
    let isOn = true
    const clients = Array.from({ length: 4 }, async (_, index) => {
      for (let count = index; isOn; count += 1)
        seen.push(await byOf(paths[count % paths.length] ?? '').catch(() => 'away'))
    })
    try {
      await work()
    } finally {
      isOn = false
      await Promise.all(clients)
    }
    return seen
  }

  it('serves by the shared fleet without one', async () => {
    assert.deepEqual(await everybody(), new Set(['shared']))
  })

  it('walks by itself over a share that nobody uses to the watch and to its end; a killed daemon goes on where it was', async () => {
    await fleet().run(['cutover', 'abort']) // of an earlier try
    const seen = await underLoad(async () => {
      const { id } = await fleet().json<CutoverView>(['cutover', 'start', '--auto'])
      await waitUntil('it routes', async () => (await status()).step === 'routing')
      const { daemon } = await fleet().json(['status'])
      process.kill(daemon.pid ?? 0, 'SIGKILL')
      const watching = await waitUntil('it watches', async () => {
        const now = await status().catch(() => undefined)
        if (now) assert.equal(now.state, 'running', JSON.stringify(now.decisions))
        return now?.step === 'watch' && now
      }, 90_000) // prettier-ignore
      assert.equal(watching.id, id)
      await waitUntil('it can be finished', async () => {
        const { code } = await fleet().run(['cutover', 'finish', '--json'])
        return code === 0
      }, 60_000) // prettier-ignore
    })
    assert.deepEqual(seen.filter((by) => !whoever.has(by)), []) // prettier-ignore
    assert.deepEqual(await everybody(), new Set(['shared']))
    const { state, decisions } = await status()
    assert.equal(state, 'finished', JSON.stringify(decisions))
    const unused = decisions.find(({ decision }) => decision === 'unused')
    assert.match(unused?.reason ?? '', /0.001 % of the instances may hold none that is used/)
  })

  it('is aborted from the command line; who uses old URLs is listed', async () => {
    await fleet().json(['cutover', 'start', '--notice', 'We move.'])
    for (let step = 0; step < 3; step += 1) await fleet().json(['cutover', 'advance', '--force'])
    assert.equal((await status()).step, 'routing')
    const aborted = await fleet().json<CutoverView>(['cutover', 'abort'])
    assert.equal(aborted.state, 'aborted')
    assert.deepEqual(await everybody(), new Set(['old']))
    const { users } = await waitUntil('uses are written', async () => {
      const found = await fleet().json<{ users: { email: string }[] }>(['cutover', 'notify'])
      return found.users.length === INSTANCES && found
    })
    assert.ok(users.some(({ email }) => email === 'user0@example.com'))
    const csv = await fleet().run(['cutover', 'notify', '--csv'])
    assert.match(csv.stdout, /^email,userId,service,instanceId,lastUsedAt,requests\n/)
    const refused = await fleet().run(['cutover', 'finish', '--json'])
    assert.equal(refused.code, 3)
    assert.match(refused.stdout, /"cutover_none"/)
    const hook = await startRecorder()
    await fleet().json(['cutover', 'notify', '--webhook', hook.url])
    assert.match(hook.requests[0]?.body ?? '', /"event":"old_urls.used"/)
    await hook.stop()
    const routed = await fleet().json([
      'cutover',
      'route',
      '--percent',
      '100',
      '--service',
      'alpha=old',
    ])
    assert.deepEqual(routed, { percent: 100, users: {}, services: { alpha: 'old' } })
    assert.deepEqual(await everybody(), new Set(['old']))
    rmSync(join(fleet().home, 'cutover.json'))
  })
})
