import assert from 'node:assert/strict'
import type { Exit } from '../../src/model/crash.ts'
import { createCrashPolicy, type CrashLimits } from '../../src/supervisor/crash-policy.ts'

const SECOND = 1_000
const LIMITS: CrashLimits = {
  windowMs: 300 * SECOND,
  exitsPerService: 5,
  crashesPerCulprit: 2,
  fleetExitsPerMinute: 60,
  retryMs: 60 * SECOND,
  maxRetryMs: 200 * SECOND,
  wellMs: 60 * SECOND,
}

const setUp = ({ random = 0.5 } = {}) => {
  const clock = { ms: Date.parse('2026-01-02T03:04:05Z') }
  const policy = createCrashPolicy({ limits: LIMITS, now: () => clock.ms, random: () => random })
  const exit = (host: string, over: Partial<Exit> = {}): Exit => ({
    at: clock.ms,
    host,
    cause: 'exit 7',
    culprit: undefined,
    lines: [`last words of ${host}`],
    ...over,
  })
  /** A dedicated service ends so many times at once. @returns the last verdict */
  const crash = (service: string, times = 1) => {
    const verdicts = Array.from({ length: times }, () =>
      policy.judge(exit(`mcp-${service}`), service),
    )
    return verdicts.at(-1)!
  }
  const crashPacked = (culprit?: string) => policy.judge(exit('mcp-host-0', { culprit }), undefined)
  const pass = (seconds: number) => void (clock.ms += seconds * SECOND)
  /** How long a service that is quarantined now waits, in seconds, with its attempts. */
  const waitOf = (verdict: ReturnType<typeof crash>): [number, number] => {
    assert.equal(verdict.kind, 'quarantine')
    const { retryAt, attempts } = verdict.evidence
    return [(Date.parse(retryAt) - clock.ms) / SECOND, attempts]
  }
  const retry = (service: string, attempts: number) => policy.noteRetry(service, { attempts })
  return { clock, crash, crashPacked, pass, waitOf, retry }
}

describe('a crash of a dedicated service', () => {
  it('is left to PM2 four times, and the fifth keeps it out with the evidence', () => {
    const { crash, clock } = setUp()
    assert.deepEqual(crash('a', 4), { kind: 'leave' })
    const now = new Date(clock.ms)
    assert.deepEqual(crash('a'), {
      kind: 'quarantine',
      service: 'a',
      evidence: {
        since: now.toISOString(),
        retryAt: new Date(clock.ms + LIMITS.retryMs).toISOString(),
        attempts: 1,
        causes: Array.from({ length: 5 }, () => 'exit 7'),
        lines: ['last words of mcp-a'],
      },
    })
  })

  it('counts for its own service alone', () => {
    const { crash } = setUp()
    crash('b', 4)
    assert.equal(crash('a', 4).kind, 'leave')
    assert.equal(crash('b').kind, 'quarantine')
  })

  it('is forgotten when the window has passed: one that ends now and then stays in service', () => {
    const { crash, pass } = setUp()
    for (let times = 0; times < 50; times++) {
      assert.equal(crash('a').kind, 'leave')
      pass(76)
    }
    crash('a', 2)
    pass(LIMITS.windowMs / SECOND - 1)
    assert.equal(crash('a', 2).kind, 'leave')
    pass(1)
    assert.equal(crash('a', 2).kind, 'leave', 'the first two no longer count')
    assert.equal(crash('a').kind, 'quarantine')
  })

  it('during the trial after a quarantine ends it at once; the wait doubles up to its bound', () => {
    const { crash, pass, waitOf, retry } = setUp()
    const waits = [waitOf(crash('a', 5))]
    for (const attempts of [1, 2, 3]) {
      pass(1_000)
      retry('a', attempts)
      pass(59)
      waits.push(waitOf(crash('a')))
    }
    assert.deepEqual(waits, [[60, 1], [120, 2], [200, 3], [200, 4]]) // prettier-ignore
  })

  it('after the trial counts like any other, from the first wait on', () => {
    const { crash, pass, waitOf, retry } = setUp()
    crash('a', 5)
    pass(1_000)
    retry('a', 3)
    pass(60)
    assert.equal(crash('a', 4).kind, 'leave')
    assert.deepEqual(waitOf(crash('a')), [60, 1])
  })

  it('spreads the waits of those that fell together, within a fifth', () => {
    const waits = [0, 0.5, 1].map((random) => {
      const { crash, waitOf } = setUp({ random })
      return waitOf(crash('a', 5))[0]
    })
    assert.deepEqual(waits, [48, 60, 72])
  })

  it('weighs more in a storm: the second keeps a service out', () => {
    const { crash, pass } = setUp()
    for (let n = 0; n < 29; n++) crash(`s${n}`, 2)
    assert.equal(crash('a', 2).kind, 'leave', 'sixty exits in the minute are no storm yet')
    assert.equal(crash('b').kind, 'leave', 'nor is a first exit in a storm a reason')
    assert.equal(crash('b').kind, 'quarantine')
    pass(60)
    assert.equal(crash('c', 4).kind, 'leave', 'the storm is over')
  })

  it('survives a clock that jumps: what lies too far back or ahead does not count', () => {
    const { crash, pass, retry } = setUp()
    crash('a', 4)
    pass(86_400)
    assert.equal(crash('a', 4).kind, 'leave')
    retry('a', 1)
    pass(-3_600)
    assert.equal(crash('a', 4).kind, 'leave')
    assert.equal(crash('a').kind, 'quarantine')
  })
})

describe('a crash of a packed host', () => {
  it('moves the service at whose door it lies out, at the second', () => {
    const { crashPacked } = setUp()
    assert.equal(crashPacked('a').kind, 'leave')
    assert.equal(crashPacked('b').kind, 'leave')
    assert.deepEqual(crashPacked('a'), { kind: 'isolate', service: 'a' })
  })

  it('is left to PM2 when nobody knows whose fault it is, and when the first is long ago', () => {
    const { crashPacked, pass } = setUp()
    for (let n = 0; n < 70; n++) assert.deepEqual(crashPacked(), { kind: 'leave' })
    crashPacked('a')
    pass(300)
    assert.equal(crashPacked('a').kind, 'leave')
  })
})
