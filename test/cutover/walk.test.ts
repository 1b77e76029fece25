import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { silentLog } from '../../src/base/log.ts'
import { composeCutover } from '../../src/compose/migration/cutover.ts'
import { CUTOVER_STEPS, type CutoverStep, type CutoverView } from '../../src/model/cutover.ts'
import type { FleetEvent } from '../../src/model/event.ts'
import { changeOldRouting } from '../../src/store/old-routing.ts'
import { DATABASE_KINDS, skipWithoutPostgres } from '../support/databases.ts'
import { send } from '../support/http.ts'
import { openOldWorld, type Moved } from '../support/old-world.ts'
import { useTempFolder } from '../support/temp-folder.ts'
import { waitUntil } from '../support/wait-until.ts'

type World = Awaited<ReturnType<typeof openOldWorld>>
type Behaviour = { delayMs: number; status: number }

const POST = { method: 'POST', body: { jsonrpc: '2.0', id: 1, method: 'tools/list' } }
const STAGES = [30, 60]

/** A server that takes its time and may fail, as a test says from one moment to the next. */
const startServer = async (by: string) => {
  const behaviour: Behaviour = { delayMs: 5, status: 200 }
  const counted = { requests: 0 }
  const server = createServer((incoming, response) => {
    incoming.resume()
    counted.requests += 1
    const { delayMs, status } = behaviour
    void delay(delayMs).then(() =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(`{"by":"${by}"}`),
    )
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const stop = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { port, url: `http://127.0.0.1:${port}`, behaviour, counted, stop }
}

for (const kind of DATABASE_KINDS)
  describe(`a cutover (${kind})`, function () {
    this.timeout(60_000)
    const folder = useTempFolder()
    let world: World
    let host: Awaited<ReturnType<typeof startServer>>
    let old: Awaited<ReturnType<typeof startServer>>
    let moved: Moved[]
    const down: string[] = []
    let events: FleetEvent[] = []
    let daemon: ReturnType<typeof openDaemon>
    const hookFile = (which: string) => join(world.config.home.root, `hook-${which}`)

    const openDaemon = () =>
      composeCutover({
        config: world.config,
        database: world.database,
        services: () => [{ service: 'figma', state: down.includes('figma') ? 'starting' : 'healthy' }], // prettier-ignore
        onRouting: world.oldUrls?.reload,
        recordEvent: (event) => void events.push(event),
        log: silentLog,
      })
    const configure = (hooks: object = {}) => {
      writeFileSync(join(world.config.home.root, 'cutover.json'), JSON.stringify({ percents: STAGES, hooks })) // prettier-ignore
    }
    const touch = (which: string) => ['/bin/sh', '-c', `echo run >> ${hookFile(which)}`]

    before(async function () {
      if (kind === 'postgres') await skipWithoutPostgres(this)
      host = await startServer('shared')
      old = await startServer('old')
      world = await openOldWorld({ kind, folder: folder(), legacyUrl: old.url, ports: { figma: host.port } }) // prettier-ignore
      moved = await Promise.all(Array.from({ length: 30 }, () => world.move('figma')))
    })
    after(async () => {
      await world.stop()
      await host.stop()
      await old.stop()
    })
    beforeEach(async () => {
      Object.assign(host.behaviour, { delayMs: 5, status: 200 })
      down.length = 0
      events = []
      configure()
      await changeOldRouting(world.database, { percent: 0 })
      daemon = openDaemon()
      await daemon.runnable.start()
    })
    afterEach(async () => {
      load.isOn = false
      await load.stopped
      await daemon.desk.abort().catch(() => undefined)
      await waitUntil('it has ended', async () => (await view()).endedAt !== null)
      await daemon.runnable.stop()
    })

    const view = async (): Promise<CutoverView> => (await daemon.desk.status())!
    const isAt = (step: CutoverStep, stage?: number) =>
      waitUntil(`${step} is done`, async () => {
        const now = await view()
        const isStage = stage === undefined || now.percent === STAGES[stage]
        return now.step === step && now.isDone && isStage && now
      })
    const start = () => daemon.desk.start({ isAutomatic: false, notice: 'We move.' })
    const advanceTo = async (step: CutoverStep) => {
      for (let now = await isAt('announce'); now.step !== step;) {
        await daemon.desk.advance(true)
        now = await waitUntil('the next step is done', async () => {
          const next = await view()
          return next.isDone && next
        })
      }
    }
    const load = { isOn: false, statuses: [] as number[], stopped: Promise.resolve() }
    const begin = () => {
      Object.assign(load, { isOn: true, statuses: [] })
      const loop = async (index: number) => {
        for (let count = index; load.isOn; count += 7) {
          const { path } = moved[count % moved.length]!
          load.statuses.push((await send(world.url, path, POST).catch(() => ({ status: 0 }))).status) // prettier-ignore
        }
      }
      load.stopped = Promise.all(Array.from({ length: 6 }, (_, index) => loop(index))).then(() => undefined) // prettier-ignore
    }
    const failures = () => load.statuses.filter((status) => status !== 200).length
    const everyAnswer = async () => {
      const answers = await Promise.all(moved.map(({ path }) => send(world.url, path, POST)))
      return new Set(answers.map(({ status, body }) => `${status} ${(body as { by: string }).by}`))
    }

    // The embedded database takes the time of this one process; it is the same walk.
    if (kind === 'postgres')
      it('goes by itself through all steps under load without a failed request, when the fleet is good', async () => {
        configure({ stop: touch('stop'), start: touch('start') })
        begin()
        await daemon.desk.start({ isAutomatic: true, notice: 'We move.' })
        await isAt('watch')
        await waitUntil('it can be finished', () => daemon.desk.finish(false).then(() => true, () => undefined)) // prettier-ignore
        load.isOn = false
        await load.stopped
        const { state, decisions } = await view()
        assert.equal(state, 'finished', JSON.stringify(decisions))
        assert.ok(load.statuses.length > 300)
        assert.equal(failures(), 0)
        assert.deepEqual(await everyAnswer(), new Set(['200 shared']))
        assert.equal(readFileSync(hookFile('stop'), 'utf8'), 'run\n')
        assert.ok(!existsSync(hookFile('start')))
        const told = events.flatMap(({ type, data }) => type === 'cutover.step' ? [data?.['step']] : []) // prettier-ignore
        assert.deepEqual([...new Set(told)], [...CUTOVER_STEPS])
        await daemon.desk.changeRouting({ percent: 0 })
      })

    for (const { what, fault, reason } of [
      { what: 'errors', fault: { status: 500 }, reason: /errors: .* worse/ },
      { what: 'latency', fault: { delayMs: 45 }, reason: /latency × [\d.]+ .* worse/ },
    ])
      it(`goes back by itself from a fleet with injected ${what}, and says why`, async () => {
        begin()
        await start()
        await advanceTo('routing')
        Object.assign(host.behaviour, fault)
        await waitUntil('it is back', async () => (await view()).state === 'reverted')
        await waitUntil('some more traffic', () => load.statuses.length > 400)
        load.isOn = false
        await load.stopped
        const { reason: why } = await view()
        assert.match(String(why), reason)
        assert.ok(failures() <= load.statuses.length / 100 + 5, `${failures()} of ${load.statuses.length}`) // prettier-ignore
        assert.deepEqual(await everyAnswer(), new Set(['200 old']))
        const reverted = events.find(({ type }) => type === 'cutover.reverted')
        assert.match(String(reverted?.message), reason)
      })

    for (const step of CUTOVER_STEPS)
      it(`goes back from ${step}: the old server serves everything, the command of the way back is run`, async () => {
        configure({ stop: touch('stop'), start: touch(`start-${step}`) })
        await start()
        await advanceTo(step)
        await daemon.desk.abort()
        assert.deepEqual(await everyAnswer(), new Set(['200 old']))
        const { state } = await waitUntil('it has ended', async () => {
          const now = await view()
          return now.endedAt !== null && now
        })
        assert.equal(state, 'aborted')
        assert.equal(existsSync(hookFile(`start-${step}`)), step !== 'announce')
      })

    it('is carried on by another daemon where it was', async () => {
      await start()
      await advanceTo('routing')
      await daemon.runnable.stop()
      daemon = openDaemon()
      await daemon.runnable.start()
      begin()
      await waitUntil('it knows enough', async () => (await view()).comparison?.decision === 'not worse') // prettier-ignore
      await daemon.desk.advance(false)
      await isAt('routing', 1)
    })

    it('does not go on before a check is passed, and holds while it knows too little', async () => {
      await start()
      await isAt('announce')
      assert.equal((await daemon.desk.notice())?.text, 'We move.')
      await assert.rejects(start(), { code: 'cutover_held' })
      await assert.rejects(daemon.desk.finish(true), { code: 'cutover_held' })
      await daemon.desk.advance(false)
      await isAt('hooks')
      down.push('figma')
      await daemon.desk.advance(false)
      await waitUntil(
        'it says what is down',
        async () => (await view()).problem === 'not up: figma',
      )
      await assert.rejects(daemon.desk.advance(true), { code: 'cutover_held' })
      down.length = 0
      await isAt('services')
      await daemon.desk.advance(false)
      const { waitsFor, services } = await isAt('routing', 0)
      assert.deepEqual([waitsFor, services], ['No request was compared yet.', ['figma']])
      await assert.rejects(daemon.desk.advance(false), /no worse/)
    })

    it('stops at a command that fails or takes too long, and tries again when told to', async () => {
      configure({ stop: ['/bin/sh', '-c', 'echo no such unit; exit 3'] })
      await start()
      await isAt('announce')
      await daemon.desk.advance(false)
      const failed = await waitUntil('it says why', async () => {
        const now = await view()
        return now.problem !== null && now
      })
      assert.match(String(failed.problem), /ended with 3: no such unit/)
      configure({ stop: ['/bin/sleep', '60'], deadlineSeconds: 1 })
      await daemon.desk.advance(false)
      await waitUntil('it says why', async () => /within 1 s/.test((await view()).problem ?? ''))
      configure({ stop: ['/bin/true'] })
      await daemon.desk.advance(false)
      await isAt('hooks')
    })

    it('goes past a command that failed when forced to, tells of it, and still runs the way back', async () => {
      configure({
        stop: ['/bin/sh', '-c', 'echo no such unit; exit 3'],
        start: touch('start-skip'),
      })
      await start()
      await isAt('announce')
      await daemon.desk.advance(false)
      await waitUntil('it says why', async () => (await view()).problem !== null)
      await daemon.runnable.stop()
      daemon = openDaemon()
      await daemon.desk.advance(true)
      await daemon.runnable.start()
      const { problem, skippedHook, decisions } = await isAt('services')
      assert.equal(problem, null)
      assert.match(String(skippedHook), /ended with 3: no such unit/)
      const [last] = decisions
      assert.deepEqual([last?.step, last?.decision, last?.percent], ['hooks', 'skipped', 0])
      assert.match(String(last?.reason), /skipped by the operator: .* ended with 3: no such unit/)
      const told = events.filter(({ data }) => data?.['skipped'] === skippedHook)
      assert.deepEqual(told.map(({ type, data }) => [type, data?.['step']]), [['cutover.step', 'hooks']]) // prettier-ignore
      await daemon.desk.abort()
      await waitUntil('the way back is run', () => existsSync(hookFile('start-skip')))
    })

    it('ends a command that hangs when it goes back, and shows no secret that one has said', async () => {
      configure({ stop: ['/bin/sleep', '60'], start: ['/bin/sh', '-c', 'echo "DB_PASSWORD=hunter2 postgres://u:hunter3@h/d"; exit 5'] }) // prettier-ignore
      await start()
      await isAt('announce')
      await daemon.desk.advance(false)
      await waitUntil('the command runs', async () => (await view()).step === 'hooks')
      const begun = Date.now()
      await daemon.desk.abort()
      const { problem } = await waitUntil('it has ended', async () => {
        const now = await view()
        return now.endedAt !== null && now
      })
      assert.ok(Date.now() - begun < 15_000)
      assert.match(String(problem), /way back failed, run it by hand: .* ended with 5: DB_PASSWORD=\[secret\]/) // prettier-ignore
      assert.doesNotMatch(JSON.stringify([problem, events]), /hunter/)
      assert.ok(events.some(({ message }) => message.includes('way back failed')))
    })

    it('does not go on when what was moved was taken back meanwhile', async () => {
      await start()
      await isAt('announce')
      await world.database.query(
        `update migration_ledger set outcome = 'left', reason = 'rolled_back', instance_id = null`,
      )
      await assert.rejects(daemon.desk.advance(true), /No instance of the older model was moved/)
    })
  })
