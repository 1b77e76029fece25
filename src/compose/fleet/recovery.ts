import { messageOf } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { RecordEvent } from '../../model/event.ts'
import type { HostPlan } from '../../model/fleet.ts'

type Recoverer = {
  fleet: () => { hosts: readonly HostPlan[] }
  /** Undefined for a service that shall not run now. */
  portOf: (service: string) => number | undefined
  /** @returns whether anything was restarted */
  recover: (services: readonly string[]) => Promise<boolean>
}

/** The same host is not recovered again before this: it needs time to come up. */
const PAUSE_MS = 20_000
/** One that was not restarted, since it was starting, is looked at again after this. */
const RETRY_MS = 1_000
const ANSWERING = ['healthy', 'planned']

/**
 * What happens to a service that runs and does not answer. When none of its host's services answers the host hangs and
 * gets a new process; else the service alone is swapped for a fresh one. The others need not be called unhealthy yet: a
 * host that hangs would let every swap wait for its deadline.
 */
export const createRecovery = (
  supervisor: Recoverer,
  stateOf: (service: string) => string | undefined,
  { recordEvent, log }: { recordEvent: RecordEvent; log: Log },
) => {
  const last = new Map<string, number>()
  return (service: string): void => {
    const host = supervisor
      .fleet()
      .hosts.find(({ services }) => services.some(({ name }) => name === service))
    if (!host) return
    const names = host.services
      .map(({ name }) => name)
      .filter((name) => supervisor.portOf(name) !== undefined)
    const isHanging = !names.some((name) => ANSWERING.includes(stateOf(name) ?? ''))
    const what = isHanging ? host.name : service
    if (Date.now() - (last.get(what) ?? 0) < PAUSE_MS) return
    last.set(what, Date.now())
    const fields = { host: host.name, service: isHanging ? undefined : service }
    supervisor.recover(isHanging ? names : [service]).then(
      (isRestarted) => {
        if (isRestarted) {
          log.warn('restarted, since it did not answer', fields)
          if (!isHanging) recordEvent(restartOf(service, host.name)) // a host's end is told as such
        } else last.set(what, Date.now() - PAUSE_MS + RETRY_MS)
      },
      (error: unknown) => log.error('could not restart', { ...fields, reason: messageOf(error) }),
    )
  }
}

const restartOf = (service: string, host: string): Parameters<RecordEvent>[0] => ({
  type: 'service.restarted',
  service,
  message: `${service} did not answer, and was restarted.`,
  data: { host, cause: 'unhealthy' },
})
