import type { Log } from '../base/log.ts'
import type { AppSpec, PlanLine } from '../model/fleet.ts'
import type { Service } from '../model/service.ts'
import type { Channel } from './channel.ts'
import { createChannels } from './channels.ts'
import { createKnownProcesses } from './known-processes.ts'
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
  startedAt: Date
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
  /** Hosts have another process than before, or services other configs: what was known of their health is old. */
  onTouched: (touched: { hosts?: readonly string[]; services?: readonly string[] }) => void
  rules: DiffRules & { fingerprintIn: (env: Readonly<Record<string, unknown>>) => string }
  log: Log
}

/** Compares the running fleet with a wanted one, and makes it so. Its callers take turns. */
export const createReconciler = <P extends ManagedProcess>(
  options: ReconcilerOptions<P>,
  onHostGone: () => void,
) => {
  const { processes, rules, log } = options
  const known = createKnownProcesses(options)
  const channels = createChannels(options.openChannel, onHostGone)
  const describe = async ({ name, pmId, pid, env }: P): Promise<RunningHost> => ({
    name,
    pmId,
    fingerprint: rules.fingerprintIn(env),
    services: pid === undefined ? undefined : await channels.describe(name),
  })

  const difference = async (wanted: readonly WantedHost[]): Promise<Difference> => {
    await known.look()
    return diffFleet(wanted, await Promise.all(known.all().map(describe)), rules)
  }

  const swap = async (host: WantedHost, services: readonly Service[]): Promise<void> => {
    await channels.change(host.spec.name, { remove: [], put: services })
    options.onTouched({ services: services.map(({ name }) => name) })
  }

  return {
    difference,
    look: known.look,
    processes: known.all,
    processOf: known.find,
    reconcile: async (wanted: readonly WantedHost[]): Promise<PlanLine[]> => {
      const { steps, lines } = await difference(wanted)
      if (steps.length === 0) return lines
      await carryOut(steps, { processes, change: channels.change, log })
      await known.look()
      options.onTouched({ services: lines.map(({ name }) => name) })
      for (const line of lines) log.info('fleet changed', line)
      return lines
    },
    /** A whole host gets a new process; some services of a packed one are swapped for themselves. */
    restart: async (host: WantedHost, services: readonly Service[]): Promise<void> => {
      if (services.length < host.services.length) return swap(host, services)
      await known.look() // a PM2 that was launched anew has given the ids to others
      const running = known.find(host.spec.name)
      if (running) await processes.remove(running.pmId)
      await processes.start(host.spec)
      await known.look()
    },
    close: channels.closeAll,
  }
}
