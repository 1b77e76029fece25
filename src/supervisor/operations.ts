import type { Changes, PlanLine, Slip } from '../model/fleet.ts'
import { messageOf } from '../base/errors.ts'
import type { RecordEvent } from '../model/event.ts'
import type { Service } from '../model/service.ts'
import type { CrashPolicy } from './crash-policy.ts'
import type { Difference, WantedHost } from './diff.ts'
import type { Decisions } from './state-file.ts'
import type { createWanted, Fleet } from './wanted.ts'

/** Does one piece of work after the other. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>

type Parts = {
  wanted: ReturnType<typeof createWanted>
  reconciler: {
    difference: (hosts: readonly WantedHost[]) => Promise<Difference>
    reconcile: (hosts: readonly WantedHost[]) => Promise<PlanLine[]>
    restart: (host: WantedHost, services: readonly Service[]) => Promise<void>
  }
  inTurn: Turns
  loadFleet: (isolated: readonly string[]) => Promise<Fleet>
  policy: Pick<CrashPolicy, 'noteRetry'>
  recordEvent: RecordEvent
}

/** What an operator does to the running fleet. */
export const createOperations = (parts: Parts) => {
  const { wanted, reconciler, inTurn, loadFleet, recordEvent } = parts
  const reconcile = () => inTurn(() => reconciler.reconcile(wanted.hosts()))
  const decide: Decide = async (change) => {
    await inTurn(() => {
      wanted.decide(change(wanted.decisions()))
      return Promise.resolve()
    })
    await reconcile()
  }
  return {
    reconcile,
    plan: async (): Promise<Changes> => {
      const fleet = await loadFleet(wanted.decisions().isolated)
      const hosts = wanted.hostsOf(fleet)
      const { lines } = await inTurn(() => reconciler.difference(hosts))
      return changesOf(fleet, lines)
    },
    apply: (): Promise<Changes> =>
      recordApply(recordEvent, () =>
        inTurn(async () => {
          const fleet = await loadFleet(wanted.decisions().isolated)
          wanted.set(fleet)
          const changes = await reconciler.reconcile(wanted.hosts())
          return changesOf(fleet, changes)
        }),
      ),
    restart: (names: readonly string[]): Promise<void> =>
      inTurn(async () => {
        for (const host of wanted.hosts()) {
          const services = host.services.filter(({ name }) => names.includes(name))
          if (services.length > 0) await reconciler.restart(host, services)
        }
      }),
    ...createDecisions(parts, decide),
  }
}

/** What changed shows the slips of its config: a misspelt word may have cost a service its tools. */
const changesOf = ({ leftOut, slips = [] }: Fleet, changes: PlanLine[]): Changes => {
  const changed = new Set(
    changes.filter(({ action }) => action !== 'remove').map(({ name }) => name),
  )
  const isOf = ({ service }: Slip) => changed.has(service) || changed.has(`mcp-${service}`)
  return { changes, leftOut, slips: slips.filter(isOf) }
}

type Decide = (change: (before: Decisions) => Partial<Decisions>) => Promise<void>

/** What an operator decides about services. */
const createDecisions = ({ policy, recordEvent }: Parts, decide: Decide) => ({
  stopServices: async (names: readonly string[]): Promise<void> => {
    await decide((before) => withStopped(before, names))
    for (const service of names)
      recordEvent({ type: 'service.stopped', service, message: `${service} was stopped.` })
  },
  /** Also ends a quarantine: the operator says that it is mended. */
  startServices: async (names: readonly string[]): Promise<void> => {
    await decide(({ stopped, stoppedAt = {}, quarantined }) => {
      for (const [name, evidence] of Object.entries(quarantined))
        if (names.includes(name)) policy.noteRetry(name, evidence)
      return {
        stopped: stopped.filter((name) => !names.includes(name)),
        stoppedAt: without(stoppedAt, names),
        quarantined: without(quarantined, names),
      }
    })
    for (const service of names)
      recordEvent({ type: 'service.started', service, message: `${service} was started.` })
  },
})

const withStopped = ({ stopped, stoppedAt }: Decisions, names: readonly string[]) => {
  const now = new Date().toISOString()
  const times = Object.fromEntries(names.map((name) => [name, now]))
  return {
    stopped: [...new Set([...stopped, ...names])].sort(),
    stoppedAt: { ...times, ...stoppedAt }, // one that is stopped already has been so since then
  }
}

/** Of a deployment with more changes than this only so many are named. */
const MAX_NAMED = 50

/** Makes an event of what was deployed, and one of each service whose config is another now. */
const recordApply = async (
  recordEvent: RecordEvent,
  apply: () => Promise<Changes>,
): Promise<Changes> => {
  const applied = await apply().catch((error: unknown) => {
    const message = `The fleet could not be changed: ${messageOf(error)}`
    recordEvent({ type: 'deployment.failed', message })
    throw error
  })
  const { changes, leftOut } = applied
  if (changes.length === 0) return applied
  recordEvent({
    type: 'deployment.applied',
    message: `The fleet was changed: ${changes.length} changes, ${leftOut.length} configs left out.`,
    data: { changes: changes.slice(0, MAX_NAMED), more: Math.max(0, changes.length - MAX_NAMED) },
  })
  for (const { action, kind, name, host, fields } of changes)
    if (kind === 'service' && action === 'change')
      recordEvent({
        type: 'config.changed',
        service: name,
        message: `${name} runs with another config: ${fields.join(', ')}.`,
        data: { host, fields },
      })
  return applied
}

/** A copy of an object without some of its keys. */
export const without = <T>(
  object: Readonly<Record<string, T>>,
  keys: readonly string[],
): Record<string, T> =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)))
