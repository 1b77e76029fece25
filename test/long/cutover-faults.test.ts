import assert from 'node:assert/strict'
import { useCutoverWorld } from '../support/cutover-world.ts'
import { waitUntil } from '../support/wait-until.ts'

type Fault = { what: string; inject: () => unknown; reason: RegExp }

describe('a cutover of an older world with real processes, under load', function () {
  this.timeout(120_000)
  const world = useCutoverWorld({ users: 8 })
  const json = (args: readonly string[]) => world.fleet().json(args)
  const signalHosts = async (signal: NodeJS.Signals) => {
    for (const { pid } of (await json(['status'])).hosts)
      if (pid !== null) process.kill(pid, signal)
  }
  const FAULTS: readonly Fault[] = [
    { what: 'fails half of the calls', inject: () => world.api().inject({ errorShare: 0.5 }), reason: /errors: old .*, new \d+ of \d+ \([\d.]+ %, tool \d+\), worse/ },
    { what: 'is several times as slow', inject: () => world.api().inject({ factor: 4 }), reason: /latency × [\d.]+ \(z [\d.]+\), worse|slow requests: [^;]*, worse/ },
    { what: 'has its hosts killed', inject: () => signalHosts('SIGKILL'), reason: /errors: old .*, new \d+ of \d+ \(.*\), worse/ },
  ] // prettier-ignore

  let load: ReturnType<typeof world.startLoad>
  afterEach(async () => {
    await load.stop()
    await world.fleet().run(['cutover', 'abort']) // of a try that failed
  })
  beforeEach(() => {
    world.api().inject({})
    world.configure({ percents: [50] })
  })

  for (const { what, inject, reason } of FAULTS)
    it(`goes back by itself from a shared fleet that ${what}`, async () => {
      load = world.startLoad()
      await json(['cutover', 'start'])
      await world.advanceTo('routing')
      await waitUntil('the shared fleet serves', () => load.calls.filter((call) => call.world === 'shared').length > 100) // prettier-ignore
      await inject()
      const { state, reason: why } = await world.isAt('it has gone back', ({ endedAt }) => endedAt !== null, 60_000) // prettier-ignore
      assert.equal(state, 'reverted')
      assert.match(String(why), reason)
      assert.deepEqual(await world.everybody(), new Set(['200 old']))
      const calls = await load.stop()
      const wrong = calls.filter(({ isRight }) => !isRight)
      assert.ok(wrong.length <= calls.length / 100 + 5, `${wrong.length} of ${calls.length}`)
      const { stdout } = await world.fleet().run(['cutover', 'status'])
      assert.ok(stdout.includes(String(why)))
    })

  it('serves everybody before, meanwhile and after, when nothing is wrong', async () => {
    assert.deepEqual(await world.everybody(), new Set(['200 old']))
    load = world.startLoad()
    await json(['cutover', 'start', '--auto'])
    await world.isAt('it watches', ({ step, isDone }) => step === 'watch' && isDone, 60_000)
    await waitUntil('it can be finished', async () => (await world.fleet().run(['cutover', 'finish', '--json'])).code === 0, 30_000) // prettier-ignore
    assert.deepEqual(await world.everybody(), new Set(['200 shared']))
    const calls = await load.stop()
    assert.deepEqual(calls.filter(({ isRight }) => !isRight), []) // prettier-ignore
  })
})
