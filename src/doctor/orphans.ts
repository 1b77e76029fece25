import { lineageOf } from '../base/proc.ts'
import { error, ok, someOf, type Verdict } from './finding.ts'

export type OrphansNeeds = {
  /** Pids of the fleet's programs that were started for this home. */
  find: () => number[]
  /** Pids of PM2's apps; undefined when PM2 does not answer. */
  known: () => Promise<ReadonlySet<number> | undefined>
  isRunning: (pid: number) => boolean
}

/** Processes of this home that PM2 does not know: they hold ports, and nobody restarts or stops them. */
export const checkOrphans = async ({
  find,
  known,
  isRunning,
}: OrphansNeeds): Promise<Verdict[]> => {
  // In this order: what PM2 starts meanwhile is no orphan, and what it has replaced is gone at the end.
  const running = find()
  const managed = await known()
  // What PM2's apps started themselves is theirs to end.
  const isManaged = (pid: number) => lineageOf(pid).some((one) => managed?.has(one))
  const orphans = running.filter((pid) => !isManaged(pid) && isRunning(pid))
  if (orphans.length === 0) return [ok('every process of this home is under PM2')]
  return [
    error({
      what: `not under PM2, but of this home: pids ${someOf(orphans)}`,
      why:
        managed === undefined
          ? 'PM2 does not run any more (killed?), so nobody restarts or stops them'
          : 'PM2 has lost them: it may start the same again and find the ports taken',
      fix: 'berth down && berth up',
    }),
  ]
}
