import assert from 'node:assert/strict'
import { watchPhases } from '../../support/simulated-paths.ts'

const RUNS = 30
const GOOD = { requests: 3_000 }

const inRuns = async (phases: Parameters<typeof watchPhases>[0]) => {
  const found: (Awaited<ReturnType<typeof watchPhases>> | undefined)[] = []
  for (let run = 0; run < RUNS; run += 1) found.push(await watchPhases(phases, run * 104_729 + 7))
  return found
}

describe('a watch of many comparisons, simulated', function () {
  this.timeout(60_000)

  for (const { what, effect, within } of [
    { what: 'errors of 50 in 100 more', effect: { moreErrors: 0.5 }, within: 30 },
    { what: 'a latency of 1.5 times', effect: { factor: 1.5 }, within: 1_000 },
    { what: 'one request in ten that takes ten times as long', effect: { slowShare: 0.1 }, within: 1_300 }, // prettier-ignore
  ])
    it(`finds ${what} after long good times`, async () => {
      const found = await inRuns([GOOD, { requests: within, new: effect }])
      const right = found.filter((one) => one?.phase === 1).length
      assert.ok(right >= RUNS - 1, `${right} of ${RUNS}`)
    })

  it('calls the old path worse than itself in at most one of 30 runs of 8,000 requests', async () => {
    const wrong = (await inRuns([{ requests: 8_000 }])).filter(Boolean).length
    assert.ok(wrong <= 1, `${wrong} of ${RUNS}`)
  })

  it('holds no failing API against the new path, when it fails for both', async () => {
    const both = { moreErrors: 0.6 }
    const wrong = (await inRuns([GOOD, { requests: 40, old: both, new: both }, { requests: 300 }])).filter(Boolean).length // prettier-ignore
    assert.ok(wrong <= 3, `${wrong} of ${RUNS}`)
  })
})
