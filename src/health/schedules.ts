import { schedule, type ScheduledTask } from 'node-cron'
import { messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'

/** One task for each cron expression that is in use. */
export const createSchedules = (sweep: (cron: string) => Promise<void>, log: Log) => {
  const tasks = new Map<string, ScheduledTask>()
  const begin = (cron: string) => {
    try {
      tasks.set(
        cron,
        schedule(cron, () => sweep(cron), { noOverlap: true }),
      )
    } catch (error) {
      log.error('not a schedule', { schedule: cron, reason: messageOf(error) })
    }
  }
  const end = async (cron: string) => {
    await tasks.get(cron)?.destroy()
    tasks.delete(cron)
  }
  return {
    /** Begins those that are missing, ends the others. */
    follow: (crons: ReadonlySet<string>): void => {
      for (const cron of crons) if (!tasks.has(cron)) begin(cron)
      for (const cron of tasks.keys()) if (!crons.has(cron)) void end(cron)
    },
    stop: async (): Promise<void> => {
      await Promise.all([...tasks.keys()].map(end))
    },
  }
}
