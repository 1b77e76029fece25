import { AppError } from '../base/errors.ts'
import { endProcesses, findProcessesWith, hasVariable } from '../base/proc.ts'
import type { AppSpec } from '../model/fleet.ts'
import { launchPm2, type LaunchOptions } from './launch.ts'
import type { Pm2, RunningProcess } from './pm2.ts'

export type ManagedOptions = {
  pm2: Pm2
  launch: LaunchOptions
  /** The home that all processes of this fleet carry in their environment. */
  homeRoot: string
  /** The name under which PM2 runs the asking process; undefined when it runs on its own. */
  self: string | undefined
  /** PM2 was gone, is back, and does not know the asking process. */
  onOrphaned: () => void
}

/** How long an orphan may take to end before it is killed. */
const ORPHAN_END_MS = 4_000

/**
 * The fleet's processes under a PM2 that may die. When its daemon is gone it is launched again; it then knows none of the
 * processes that still run, so those are ended when their successors start: they hold the ports.
 */
export const createManagedProcesses = (options: ManagedOptions) => {
  const { pm2, self } = options

  const list = async (): Promise<RunningProcess[]> => {
    const processes = await pm2.list().catch(async (error: unknown) => {
      if (!(error instanceof AppError && error.code === 'pm2_unreachable')) throw error
      // Slow is not dead: only a PM2 that does not even take a connection is launched anew.
      if (!(await launchPm2(options.launch))) throw error
      return pm2.list()
    })
    const isKnown = processes.some(({ name, pid }) => name === self && pid === process.pid)
    if (self !== undefined && !isKnown) options.onOrphaned()
    return processes
  }

  return {
    list,
    start: (spec: AppSpec): Promise<void> => pm2.start(spec),
    remove: (pmId: number): Promise<void> => pm2.remove(pmId),
    /** Ends processes of this fleet that PM2 does not know. */
    endOrphans: async (names: readonly string[]): Promise<void> => {
      const known = new Set((await pm2.list()).map(({ pid }) => pid))
      const orphans = findProcessesWith('BERTH_HOME', options.homeRoot).filter(
        (pid) =>
          !known.has(pid) &&
          // PM2 gives every process its name in the variable "name"
          names.some((name) => hasVariable(pid, 'name', name)),
      )
      await endProcesses(orphans, ORPHAN_END_MS)
    },
  }
}
