import assert from 'node:assert/strict'
import { cutoverLines } from '../../src/cli/cutover-report.ts'
import type { CutoverView } from '../../src/model/cutover.ts'
import { cutoverView } from '../support/cutover-view.ts'

const FIGURES = '100 requests by each path; errors: old 0 of 100 (0.0 %), new 0 of 100 (0.0 %), hold; latency × 1.02 (z 0.3), hold' // prettier-ignore

describe('the status of a cutover', () => {
  const told = (change: Partial<CutoverView>) => cutoverLines(cutoverView(change), 80).join('\n')

  it('says the step, the share and those after it, what it waits for and what to type', () => {
    const text = told({ waitsFor: 'No request was compared yet.' })
    assert.match(text, /^Cutover 3: running, step 4 of 7, routing \(done\)$/m)
    assert.match(text, /^Share: +5 % of the moved instances[^]*next: 25, 50, 90 %/m)
    assert.match(text, /^Waits for: No request was compared yet\.$/m)
    assert.match(text, /^Next: +berth cutover advance, when/m)
  })

  it('has no line longer than the terminal is wide, whatever was decided', () => {
    const decisions = [{ at: '2026-11-27T18:03:11.123Z', step: 'routing', percent: 5, decision: 'hold', reason: `${FIGURES} ${'x'.repeat(200)}` }] // prettier-ignore
    const lines = told({ decisions, waitsFor: FIGURES, skippedHook: FIGURES }).split('\n')
    for (const line of lines) assert.ok(line.length <= 80, line)
    assert.ok(lines.join(' ').replace(/\s+/g, ' ').includes('latency × 1.02 (z 0.3), hold'))
  })

  for (const { what, change, next } of [
    {
      what: 'a hook that failed',
      change: { step: 'hooks', isDone: false, problem: 'ended with 3' },
      next: /advance runs the hook again; advance --force goes past/,
    },
    {
      what: 'services that are down',
      change: { step: 'services', isDone: false, problem: 'not up: figma' },
      next: /nothing to type/,
    },
    {
      what: 'a walk by itself',
      change: { isAutomatic: true },
      next: /nothing to type: it goes on by itself/,
    },
    {
      what: 'the watch of a walk by itself',
      change: { step: 'watch', isAutomatic: true },
      next: /berth cutover finish;/,
    },
    {
      what: 'a share that nobody uses',
      change: { isAutomatic: true, waitsFor: 'Go on: berth cutover advance --force' },
      next: /berth cutover advance, when/,
    },
    { what: 'one that went back', change: { state: 'reverted' }, next: /berth cutover start/ },
    { what: 'one that is finished', change: { state: 'finished' }, next: /berth cutover notify/ },
  ] as const)
    // prettier-ignore
    it(`names the next command for ${what}`, () => {
      assert.match(told(change).replace(/\s+/g, ' '), new RegExp(`Next: [^]*${next.source}`))
    })
})
