import { schedule, type ScheduledTask } from 'node-cron'
import { messageOf } from '../base/errors.ts'
import type { Runnable } from '../base/lifecycle.ts'
import type { Log } from '../base/log.ts'
import type { ProbeResult, Target } from './probe.ts'
import { initialHealth, nextHealth, type Health } from './states.ts'

export type HealthOptions = {
  /** What to watch; asked before each sweep. */
  targets: () => readonly Target[]
  probe: (target: Target) => Promise<ProbeResult>
  /** Cron expression of the sweeps over all services. */
  sweepCron: string
  /** How soon a service that is starting or failing is asked again. */
  recheckMs: number
  /** A service is unhealthy, now or still. */
  onUnhealthy: (service: string) => void
  log: Log
}

export type HealthMonitor = Runnable & {
  healthOf: (service: string) => Health | undefined
  /** Probes every service once. */
  sweep: () => Promise<void>
  /** Something happened to these: they are probed at once, not at the next sweep. */
  doubt: (services: readonly string[]) => void
}

/** Bounds the sockets that a sweep holds open. */
const CONCURRENCY = 64

/**
 * Watches every service: a sweep over all by schedule, and quick repeats for those that are starting or failing. Only
 * changes of state are logged.
 */
export const createHealth = (options: HealthOptions): HealthMonitor => {
  const { targets, log } = options
  const healths = new Map<string, Health>()
  const doubted = new Set<string>()
  let task: ScheduledTask | undefined
  let timer: NodeJS.Timeout | undefined
  let sweeping = Promise.resolve()
  let stopped = true

  const check = async (target: Target) => {
    const before = healths.get(target.service) ?? initialHealth(new Date())
    doubted.delete(target.service)
    const result = await options.probe(target).catch(asFailure)
    const after = nextHealth(before, result, new Date())
    healths.set(target.service, after)
    if (after.state === 'unhealthy') options.onUnhealthy(target.service)
    if (after.state !== before.state && before.state !== 'starting')
      log.warn('service changed state', { service: target.service, from: before.state, to: after.state, reason: after.reason }) // prettier-ignore
  }

  // One at a time, each in its turn: a sweep over all must not get lost in the recheck of a few.
  const sweepOver = (some: readonly Target[]) =>
    (sweeping = sweeping.then(() => inParallel(some, check)))

  const isSettled = ({ service }: Target) =>
    !doubted.has(service) && ['healthy', 'planned'].includes(healths.get(service)?.state ?? '')

  const recheck = async () => {
    await sweepOver(targets().filter((target) => !isSettled(target)))
    if (stopped) return
    timer = setTimeout(() => void recheck(), options.recheckMs)
  }

  return {
    name: 'health',
    healthOf: (service) => healths.get(service),
    sweep: () => sweepOver(targets()),
    doubt: (services) => {
      for (const service of services) doubted.add(service)
    },
    start: () => {
      if (!stopped) return Promise.resolve()
      stopped = false
      task ??= schedule(options.sweepCron, () => sweepOver(targets()), { noOverlap: true })
      void recheck()
      return Promise.resolve()
    },
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await task?.destroy()
      task = undefined
      await sweeping
    },
  }
}

const asFailure = (error: unknown): ProbeResult => ({ ok: false, reason: messageOf(error) })

const inParallel = async (targets: readonly Target[], act: (target: Target) => Promise<void>) => {
  const queue = [...targets]
  const worker = async () => {
    for (let target = queue.shift(); target; target = queue.shift()) await act(target)
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
}
