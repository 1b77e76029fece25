import type { Log } from '../base/log.ts'
import type { AppSpec, PlanLine } from '../model/fleet.ts'
import type { Service } from '../model/service.ts'
import type { Channel } from './channel.ts'
import { createChannels } from './channels.ts'
import {
  diffFleet,
  type Difference,
  type DiffRules,
  type RunningHost,
  type WantedHost,
} from './diff.ts'
import { carryOut } from './steps.ts'

/** A process as the process manager sees it. */
export type ManagedProcess = {
  pmId: number
  name: string
  pid: number | undefined
  restarts: number
  exitCode: number | undefined
  env: Readonly<Record<string, unknown>>
}

export type ProcessManager<P extends ManagedProcess> = {
  list: () => Promise<P[]>
  start: (spec: AppSpec) => Promise<void>
  /** Ends a process and forgets it. */
  remove: (pmId: number) => Promise<void>
  /** Ends processes of these names that the manager has lost sight of. */
  endOrphans: (names: readonly string[]) => Promise<void>
}

export type ReconcilerOptions<P extends ManagedProcess> = {
  processes: ProcessManager<P>
  isHost: (name: string) => boolean
  openChannel: (host: string, onClose: () => void) => Channel
  rules: DiffRules & { fingerprintIn: (env: Readonly<Record<string, unknown>>) => string }
  log: Log
}

/** Compares the running fleet with a wanted one, and makes it so. Its callers take turns. */
export const createReconciler = <P extends ManagedProcess>(
  options: ReconcilerOptions<P>,
  onHostGone: () => void,
) => {
  const { processes, rules, log } = options
  const channels = createChannels(options.openChannel, onHostGone)
  let known: readonly P[] = []

  const list = async (): Promise<void> => {
    known = (await processes.list()).filter(({ name }) => options.isHost(name))
  }

  const describe = async ({ name, pmId, pid, env }: P): Promise<RunningHost> => ({
    name,
    pmId,
    fingerprint: rules.fingerprintIn(env),
    services: pid === undefined ? undefined : await channels.describe(name),
  })

  const difference = async (wanted: readonly WantedHost[]): Promise<Difference> => {
    await list()
    return diffFleet(wanted, await Promise.all(known.map(describe)), rules)
  }

  return {
    difference,
    /** Asks PM2 for the processes. */
    look: list,
    processes: () => known,
    reconcile: async (wanted: readonly WantedHost[]): Promise<PlanLine[]> => {
      const { steps, lines } = await difference(wanted)
      if (steps.length === 0) return lines
      await carryOut(steps, { processes, change: channels.change, log })
      await list()
      for (const line of lines) log.info('fleet changed', line)
      return lines
    },
    /** A whole host gets a new process; some services of a packed one are swapped for themselves. */
    restart: async (host: WantedHost, services: readonly Service[]): Promise<void> => {
      if (services.length < host.services.length)
        return channels.change(host.spec.name, { remove: [], put: services })
      await list() // a PM2 that was launched anew has given the ids to others
      const running = known.find(({ name }) => name === host.spec.name)
      if (running) await processes.remove(running.pmId)
      await processes.start(host.spec)
      await list()
    },
    close: channels.closeAll,
  }
}
