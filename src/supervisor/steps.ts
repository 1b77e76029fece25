import { messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { AppSpec } from '../model/fleet.ts'
import type { Service } from '../model/service.ts'
import type { Step } from './diff.ts'

type Hands = {
  processes: {
    start: (spec: AppSpec) => Promise<void>
    remove: (pmId: number) => Promise<void>
    endOrphans: (names: readonly string[]) => Promise<void>
  }
  change: (
    host: string,
    change: { remove: readonly string[]; put: readonly Service[] },
  ) => Promise<void>
  log: Log
}

/** At most so many processes start or end at a time. */
const CONCURRENCY = 8

/**
 * Carries out the steps: what ends first, then changes inside hosts, then starts. A change that a host does not take is
 * left for the next look; it must not hold up the rest of the fleet.
 */
export const carryOut = async (steps: readonly Step[], hands: Hands): Promise<void> => {
  await inParallel(
    steps.filter((step) => step.kind === 'end'),
    ({ pmId }) => hands.processes.remove(pmId),
  )
  for (const step of steps) {
    if (step.kind !== 'change') continue
    await hands.change(step.host, step).catch((error: unknown) => {
      hands.log.warn('host did not take a change', { host: step.host, reason: messageOf(error) })
    })
  }
  const starts = steps.filter((step) => step.kind === 'start')
  if (starts.length === 0) return
  await hands.processes.endOrphans(starts.map(({ spec }) => spec.name))
  await inParallel(starts, ({ spec }) => hands.processes.start(spec))
}

const inParallel = async <T>(
  items: readonly T[],
  act: (item: T) => Promise<void>,
): Promise<void> => {
  const queue = [...items]
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await act(item)
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
}
