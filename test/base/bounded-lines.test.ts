import assert from 'node:assert/strict'
import { createBoundedLines } from '../../src/base/bounded-lines.ts'
import { createFlowBound } from '../../src/base/flow-bound.ts'

describe('a bound on what flows', () => {
  it('lets a burst through, then so much a second, and says how many it turned away', () => {
    let time = 0
    const bound = createFlowBound({ bytesPerSecond: 100, burstBytes: 400 }, () => time)
    const take = (bytes: number) => bound(() => bytes)
    assert.deepEqual([take(300), take(100), take(1), take(1)], [0, 0, undefined, undefined])
    time = 500
    assert.equal(take(10), undefined) // half a second's worth is not yet room enough to go on
    time = 2_000
    assert.equal(take(10), 3)
    assert.equal(take(10), 0)
  })
})

describe('lines of many services', () => {
  const flood = (services: readonly string[]) => {
    const written: string[] = []
    let time = 0
    const write = createBoundedLines((_level, line) => written.push(line), undefined, () => time) // prettier-ignore
    const padding = 'x'.repeat(1_000)
    for (let n = 0; n < 10_000; n++)
      for (const service of services)
        write('info', { part: 'host', service, event: 'e', n, padding })
    return { written, write, pass: (ms: number) => (time += ms) }
  }

  it('of one that floods are dropped, the others stay', () => {
    const { written, write } = flood(['loud'])
    const kept = written.length
    assert.ok(kept > 1_000 && kept < 2_100, String(kept))
    write('warn', { part: 'host', service: 'quiet', event: 'still heard' })
    write('info', { part: 'host', event: 'of no service' })
    assert.equal(written.length, kept + 2)
  })

  it('are missed: the next line says how many', () => {
    const { written, write, pass } = flood(['loud'])
    const dropped = 10_000 - written.length
    pass(60_000)
    write('info', { part: 'host', service: 'loud', event: 'back' })
    const [marker, line] = written.slice(-2).map((text) => JSON.parse(text) as Record<string, unknown>) // prettier-ignore
    assert.deepEqual({ ...marker, time: 0 }, { time: 0, level: 'warn', part: 'host', service: 'loud', event: 'lines dropped', dropped }) // prettier-ignore
    assert.equal(line?.['event'], 'back')
  })
})
