import assert from 'node:assert/strict'
import { tellOfCutover } from '../../src/cli/why-cutover.ts'
import { cutoverView } from '../support/cutover-view.ts'

describe('what a cutover has to do with a service', () => {
  const reverted = cutoverView({ state: 'reverted', percent: 0, reason: 'latency × 1.62, worse', endedAt: '2026-11-27T18:10:00.000Z' }) // prettier-ignore

  it('is told with the reason when it went back, at that time', () => {
    const told = tellOfCutover(reverted, 'figma')
    assert.equal(told?.at, '2026-11-27T18:10:00.000Z')
    assert.match(told.text, /Cutover 3 went back at routing, and 0 % .*: latency × 1.62, worse/)
  })

  it('is told while it holds, by what it waits for or what is wrong', () => {
    const text = (change: object) => tellOfCutover(cutoverView(change), 'figma')?.text ?? ''
    assert.match(text({ waitsFor: 'No request was compared yet.' }), /holds at routing, and 5 % .*: No request/) // prettier-ignore
    assert.match(text({ step: 'services', problem: 'not up: figma', waitsFor: 'services is not done: not up: figma' }), /holds at services, .*here: not up: figma$/) // prettier-ignore
  })

  it('is nothing for a service without moved instances, nor when all goes well or has ended so', () => {
    assert.equal(tellOfCutover(reverted, 'echo'), undefined)
    for (const state of ['running', 'finished', 'aborted'] as const)
      assert.equal(tellOfCutover(cutoverView({ state }), 'figma'), undefined)
  })
})
