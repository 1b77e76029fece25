import { setTimeout as delay } from 'node:timers/promises'
import type { Runnable } from '../base/lifecycle.ts'
import { createAsking, type AskingOptions } from './asking.ts'
import type { Target } from './probe.ts'
import { createSchedules } from './schedules.ts'
import type { Health } from './states.ts'
import { createWatchList, type Watched } from './watched.ts'

export type HealthOptions = AskingOptions & {
  /** What to watch; asked all the time: the same array means that nothing changed. */
  targets: () => readonly Target[]
  /** Cron expression of the sweeps over the services that have none of their own. */
  sweepCron: string
  /** Sweeps begin so much after their time, so that those of several daemons do not fall together. */
  jitterMs?: number
}

export type HealthMonitor = Runnable & {
  healthOf: (service: string) => Health | undefined
  /** Probes every service once. */
  sweep: () => Promise<void>
  /** Something happened to these: they are probed at once, not at the next sweep. */
  doubt: (services: readonly string[]) => void
}

/**
 * Watches every service: a sweep over all by schedule, and quick repeats for those that are starting or failing. A service
 * is never asked twice at a time.
 */
export const createHealth = (options: HealthOptions): HealthMonitor => {
  const list = createWatchList(options.targets)
  const asking = createAsking(options, list)
  let timer: NodeJS.Timeout | undefined

  const cronOf = ({ target }: Watched) => target.schedule ?? options.sweepCron
  const sweepBy = async (cron: string) => {
    await delay(options.jitterMs ?? 0)
    await asking.askAll(list.all().filter((one) => cronOf(one) === cron))
  }
  const schedules = createSchedules(sweepBy, options.log)
  const look = () => {
    if (list.follow()) schedules.follow(new Set([options.sweepCron, ...list.all().map(cronOf)]))
    for (const one of list.due(Date.now())) void asking.ask(one)
  }

  return {
    name: 'health',
    healthOf: (service) => list.get(service)?.health,
    sweep: () => {
      list.follow()
      return asking.askAll(list.all())
    },
    doubt: (services) => {
      for (const one of services.flatMap((service) => list.get(service) ?? [])) list.setDue(one, 0)
    },
    start: () => {
      if (timer) return Promise.resolve()
      asking.begin()
      schedules.follow(new Set([options.sweepCron, ...list.all().map(cronOf)]))
      look()
      timer = setInterval(look, options.recheckMs)
      return Promise.resolve()
    },
    stop: async () => {
      clearInterval(timer)
      timer = undefined
      await schedules.stop()
      await asking.end()
    },
  }
}
