import type { CutoverView } from '../../src/model/cutover.ts'

/** A cutover at its first share, as the daemon shows it. */
export const cutoverView = (change: Partial<CutoverView> = {}): CutoverView => ({
  id: 3,
  step: 'routing',
  number: 4,
  state: 'running',
  isDone: true,
  problem: null,
  waitsFor: null,
  skippedHook: null,
  services: ['figma'],
  isAutomatic: false,
  percents: [5, 25, 50, 90],
  percent: 5,
  startedAt: '2026-11-27T18:00:00.000Z',
  endedAt: null,
  reason: null,
  comparison: null,
  decisions: [],
  ...change,
})
