import type { Exit } from '../model/crash.ts'

type Seen = { pmId: number; name: string; restarts: number; exitCode: number | undefined }

/** What else is known of a process that ended: from its own note, PM2's log and its log file. */
export type Autopsy = (
  host: string,
  /** When it is known already: the host did not end, it hangs. */
  cause?: 'unhealthy',
) => Pick<Exit, 'culprit' | 'lines'> & { cause: string | undefined }

/** More restarts between two looks are counted as so many. */
const MAX_PER_LOOK = 20

/** Notices that processes ended: PM2 counts its restarts, and each look is compared with the one before. */
export const createExitWatch = (autopsy: Autopsy, now: () => number) => {
  let before = new Map<number, Seen>()
  return (processes: readonly Seen[]): Exit[] => {
    const exits = processes.flatMap((one) => {
      const last = before.get(one.pmId)
      const count = last ? Math.min(Math.max(0, one.restarts - last.restarts), MAX_PER_LOOK) : 0
      if (count === 0) return []
      const { cause, ...rest } = autopsy(one.name)
      const exit = {
        at: now(),
        host: one.name,
        cause: cause ?? `exit ${one.exitCode ?? '?'}`,
        ...rest,
      }
      return Array.from({ length: count }, () => exit)
    })
    before = new Map(processes.map((one) => [one.pmId, one]))
    return exits
  }
}
