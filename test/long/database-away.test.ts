import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { FleetStatus } from '../../src/model/fleet.ts'
import { startCutConnection, type Passage } from '../support/cut-connection.ts'
import { createPostgres, skipWithoutPostgres } from '../support/databases.ts'
import { useFleet } from '../support/fleet.ts'
import { writeProgram } from '../support/programs.ts'
import { waitUntil } from '../support/wait-until.ts'

/** The 60 s are run with TEST_OUTAGE_SECONDS=60. */
const OUTAGE_MS = 1_000 * Number(process.env['TEST_OUTAGE_SECONDS'] ?? 15)
const CLIENTS = 8

const ILL = `const { existsSync } = require('node:fs')
server.removeAllListeners('request')
server.on('request', (_request, response) =>
  existsSync(__dirname + '/ill') ? response.writeHead(500).end() : response.end(answer))`

type Usage = { usage: { name: string; requests: number }[] }

describe('a database that is away under load', function () {
  this.timeout(OUTAGE_MS * 4 + 180_000)
  const env: Record<string, string> = { BERTH_HOSTS: '1' }
  let way: Awaited<ReturnType<typeof startCutConnection>>
  let client: pg.Client
  let end = (): Promise<void> => Promise.resolve()
  before('a way to the database that can be cut', async function () {
    await skipWithoutPostgres(this)
    const made = await createPostgres()
    const url = new URL(made.url)
    way = await startCutConnection({ host: url.hostname, port: Number(url.port || 5432) })
    client = new pg.Client({ connectionString: made.url })
    await client.connect()
    end = async () => {
      await client.end()
      await way.stop()
      await made.drop()
    }
    url.host = `127.0.0.1:${way.port}`
    env['DATABASE_URL'] = url.href
  })
  const fleet = useFleet({ services: ['alpha', 'own'], env })
  after(() => end())
  let url = ''
  before('a fleet with a user', async () => {
    const health = { schedule: '*/2 * * * * *' }
    writeProgram(fleet().registry, 'own', ILL)
    fleet().configure('own', { process: { script: 'program.cjs' }, health })
    fleet().configure('alpha', { health, limits: { requestsPerSecond: 0, concurrent: 0 } })
    await fleet().json(['up'])
    await fleet().json(['user', 'add', 'anna@example.com'])
    const user = ['--user', 'anna@example.com']
    const { instanceUrl } = await fleet().json<{ instanceUrl: string }>(['instance', 'create', ...user, '--service', 'alpha'], { stdin: '{"api_key": "key-of-anna"}' }) // prettier-ignore
    url = instanceUrl.replace(/\/mcp$/, '/tools')
  })

  /** Asks as clients do, one request after the other. @returns a function that ends it and tells how it went */
  const load = () => {
    const went = { isOver: false, answered: 0, failures: [] as string[] }
    const run = async () => {
      while (!went.isOver) {
        const answer = await fetch(url).catch(String)
        if (typeof answer !== 'string') await answer.text()
        if (typeof answer !== 'string' && answer.status === 200) went.answered += 1
        else went.failures.push(typeof answer === 'string' ? answer : String(answer.status))
        await delay(5)
      }
    }
    const running = Array.from({ length: CLIENTS }, run)
    return async () => {
      went.isOver = true
      await Promise.all(running)
      return went
    }
  }
  const countOf = async () =>
    (await fleet().json<Usage>(['usage'])).usage.find(({ name }) => name === 'alpha')?.requests ?? 0
  /** When a service was asked last, as written, and the time that its sums hold. */
  const watchedOf = async (service: string) => {
    const { rows } = await client.query<{ last: Date; ms: string }>(
      `select last_check as last, (select sum(up_ms + down_ms) from service_health_hours where service_type = $1) as ms
       from service_health_status where service_type = $1`,
      [service],
    )
    return { lastMs: rows[0]?.last.getTime() ?? 0, sumMs: Number(rows[0]?.ms ?? 0) }
  }
  const stateOf = ({ services }: FleetStatus, name: string) =>
    services.find(({ service }) => service === name)?.state

  for (const passage of ['closed', 'silent'] as const satisfies Passage[])
    it(`(${passage}) costs no request of a warm instance, no sum and no event, and health goes on`, async () => {
      await fetch(url)
      const written = await waitUntil('health was written', async () => {
        const now = await watchedOf('alpha')
        return now.lastMs > 0 && now
      })
      const before = await countOf()
      const stop = load()
      way.pass(passage)
      const cutAt = Date.now()
      const mood = join(fleet().registry, 'own', 'ill')
      writeFileSync(mood, '')
      await waitUntil('health sees what goes wrong meanwhile', async () =>
        stateOf(await fleet().json(['status']), 'own') !== 'healthy') // prettier-ignore
      await delay(Math.max(0, OUTAGE_MS - (Date.now() - cutAt)))
      const backAt = Date.now()
      way.pass('open')
      await delay(2_000)
      const { answered, failures } = await stop()
      console.log(`      ${answered} requests answered, ${failures.length} failed, over ${((backAt - cutAt) / 1_000).toFixed(0)} s without a database`) // prettier-ignore
      assert.deepEqual(failures, [])
      let counted = 0
      await waitUntil(`${answered} requests are counted`, async () => {
        counted = (await countOf()) - before
        return counted >= answered
      }, 60_000) // prettier-ignore
      assert.ok(counted - answered <= 1, `${counted} counted of ${answered}: the first may come late`) // prettier-ignore
      const now = await waitUntil('health is written again', async () => {
        const { lastMs, sumMs } = await watchedOf('alpha')
        return lastMs > backAt && { lastMs, sumMs }
      }, 60_000) // prettier-ignore
      const missing = now.lastMs - written.lastMs - (now.sumMs - written.sumMs)
      assert.ok(Math.abs(missing) < 50, `${missing} ms are in no sum`)
      const { rows } = await waitUntil('the events are written', async () => {
        const found = await client.query<{ to: string }>(
          `select data->>'to' as to from events where service = 'own' and type = 'service.state' and at between $1 and $2 order by id`,
          [new Date(cutAt), new Date(backAt)],
        )
        return found.rows.length >= 2 && found
      }, 60_000) // prettier-ignore
      assert.deepEqual(rows.slice(0, 2).map(({ to }) => to), ['degraded', 'unhealthy']) // prettier-ignore
      rmSync(mood)
      await waitUntil('own is well again', async () => stateOf(await fleet().json(['status']), 'own') === 'healthy', 90_000) // prettier-ignore
    })
})
