import type { Log } from '../base/log.ts'
import type { Exit } from '../model/crash.ts'
import type { RecordEvent } from '../model/event.ts'
import type { CrashPolicy, Verdict } from './crash-policy.ts'
import { without } from './operations.ts'
import type { Decisions } from './state-file.ts'
import type { createWanted, Fleet } from './wanted.ts'

type Parts = {
  policy: CrashPolicy
  wanted: ReturnType<typeof createWanted>
  loadFleet: (isolated: readonly string[]) => Promise<Fleet>
  now: () => number
  recordEvent: RecordEvent
  log: Log
}

/** At most so many services come back from quarantine at a look: what fell together shall not rise together. */
const RETRIES_PER_LOOK = 4

/** Turns ends of processes into decisions: leave it to PM2, move the culprit out, or keep it out of service. */
export const createCrashes = (parts: Parts) => {
  const { policy, wanted, loadFleet, now, recordEvent, log } = parts
  const aloneIn = (host: string): string | undefined => {
    const plan = wanted.fleet().hosts.find(({ name }) => name === host)
    return plan?.kind === 'dedicated' ? plan.services[0]?.name : undefined
  }

  const carryOut = async (verdict: Verdict): Promise<void> => {
    const { isolated, quarantined } = wanted.decisions()
    if (verdict.kind === 'quarantine') {
      log.error('service quarantined', { service: verdict.service, ...verdict.evidence })
      wanted.decide({ quarantined: { ...quarantined, [verdict.service]: verdict.evidence } })
      recordEvent(quarantineOf(verdict))
    } else if (verdict.kind === 'isolate' && !isolated.includes(verdict.service)) {
      log.error('service moved into a host of its own', { service: verdict.service })
      wanted.decide({ isolated: [...isolated, verdict.service].sort() })
      wanted.set(await loadFleet(wanted.decisions().isolated))
      const message = `${verdict.service} took its host down and moves into one of its own.`
      recordEvent({ type: 'service.culprit', service: verdict.service, message })
    }
  }

  return {
    /** @returns whether anything was decided */
    take: async (exits: readonly Exit[]): Promise<boolean> => {
      let isDecided = false
      for (const exit of exits) {
        const service = aloneIn(exit.host)
        if (service !== undefined && service in wanted.decisions().quarantined) continue
        log.warn('host ended', { host: exit.host, cause: exit.cause, culprit: exit.culprit })
        recordEvent(restartOf(exit, service))
        const verdict = policy.judge(exit, service)
        isDecided ||= verdict.kind !== 'leave'
        await carryOut(verdict)
      }
      return isDecided
    },
    /** Lets the services whose time has come try again. @returns whether there were any */
    retryDue: (): boolean => {
      const { quarantined } = wanted.decisions()
      const retried = Object.entries(quarantined)
        .filter(([, { retryAt }]) => Date.parse(retryAt) <= now())
        .slice(0, RETRIES_PER_LOOK)
      if (retried.length === 0) return false
      for (const [service, evidence] of retried) policy.noteRetry(service, evidence)
      const due = retried.map(([service]) => service)
      log.info('services tried again after quarantine', { services: due })
      for (const service of due)
        recordEvent({ type: 'service.released', service, message: `${service} is tried again.` })
      wanted.decide({ quarantined: without(quarantined, due) } satisfies Partial<Decisions>)
      return true
    },
  }
}

const restartOf = (
  { host, cause, culprit }: Exit,
  service: string | undefined,
): Parameters<RecordEvent>[0] => ({
  type: 'service.restarted',
  service,
  message: `${host} ended (${cause}) and is started again.`,
  data: { host, cause, ...(culprit !== undefined && { culprit }) },
})

const quarantineOf = ({
  service,
  evidence: { attempts, causes, retryAt },
}: Extract<Verdict, { kind: 'quarantine' }>): Parameters<RecordEvent>[0] => ({
  type: 'service.quarantined',
  service,
  message: `${service} ended ${causes.length} times (${causes.at(-1) ?? '?'}) and is kept out of service until ${retryAt}.`,
  data: { attempts, causes, retryAt },
})
