import { changedPaths } from '../model/changed-paths.ts'
import type { AppSpec, PlanLine } from '../model/fleet.ts'
import type { Service } from '../model/service.ts'

export type WantedHost = {
  spec: AppSpec
  services: readonly Service[]
}

export type RunningHost = {
  name: string
  pmId: number
  /** How it was started. */
  fingerprint: string
  /** What it serves; undefined when it does not say (it is starting, or is a program of the operator's own). */
  services: readonly Service[] | undefined
}

export type Step =
  | { kind: 'end'; host: string; pmId: number }
  | { kind: 'change'; host: string; remove: string[]; put: Service[] }
  | { kind: 'start'; spec: AppSpec }

export type Difference = { steps: Step[]; lines: PlanLine[] }

export type DiffRules = {
  fingerprintOf: (spec: AppSpec) => string
  changedSettings: (before: string, after: string) => string[]
}

/**
 * The difference between the wanted and the running fleet, as steps in the order in which they are safe (what ends gives
 * its ports back before anybody takes them), and as lines for people, each with its reason. PM2 does not apply changed
 * settings to a process that runs: such a host ends and starts anew. A changed service is swapped in its running host.
 */
export const diffFleet = (
  wanted: readonly WantedHost[],
  running: readonly RunningHost[],
  rules: DiffRules,
): Difference => {
  const difference: Difference = { steps: [], lines: [] }
  const missing = new Map(wanted.map((host) => [host.spec.name, host]))
  const settingsOf = (host: RunningHost) => {
    const match = missing.get(host.name)
    return match && rules.changedSettings(host.fingerprint, rules.fingerprintOf(match.spec))
  }
  // Of two that have the same name, the one that fits is kept.
  const fitting = running.filter((host) => settingsOf(host)?.length === 0)
  for (const host of [...fitting, ...running.filter((one) => !fitting.includes(one))]) {
    const match = missing.get(host.name)
    const fields = settingsOf(host)
    if (match === undefined || fields === undefined) {
      const isTwin = wanted.some(({ spec }) => spec.name === host.name)
      end(difference, host, isTwin ? 'twice there' : 'removed')
      continue
    }
    if (fields.length > 0) replace(difference, host, { spec: match.spec, fields })
    else if (host.services) changeServices(difference, match, host.services)
    missing.delete(host.name)
  }
  for (const { spec, services } of missing.values()) {
    difference.steps.push({ kind: 'start', spec })
    const fields = services.length === 1 ? [] : [`${services.length} services`]
    difference.lines.push({ action: 'add', kind: 'host', name: spec.name, host: spec.name, fields })
  }
  const order = { end: 0, change: 1, start: 2 }
  difference.steps.sort((a, b) => order[a.kind] - order[b.kind])
  return { ...difference, steps: removalsFirst(difference.steps) }
}

const end = ({ steps, lines }: Difference, { name, pmId }: RunningHost, reason: string): void => {
  steps.push({ kind: 'end', host: name, pmId })
  lines.push({ action: 'remove', kind: 'host', name, host: name, fields: [reason] })
}

const replace = (
  { steps, lines }: Difference,
  { name, pmId }: RunningHost,
  { spec, fields }: { spec: AppSpec; fields: string[] },
): void => {
  steps.push({ kind: 'end', host: name, pmId }, { kind: 'start', spec })
  lines.push({ action: 'change', kind: 'host', name, host: name, fields })
}

const compared = new WeakMap<Service, { after: Service; fields: string[] }>()

/** {@link changedPaths} of two configs; most often they are the two of the look before. */
const changedFields = (before: Service, after: Service): string[] => {
  const known = compared.get(before)
  if (known?.after === after) return known.fields
  const fields = changedPaths(before, after)
  compared.set(before, { after, fields })
  return fields
}

const changeServices = (
  { steps, lines }: Difference,
  { spec, services }: WantedHost,
  served: readonly Service[],
): void => {
  const host = spec.name
  const before = new Map(served.map((service) => [service.name, service]))
  const wantedNames = new Set(services.map(({ name }) => name))
  const remove = served.filter(({ name }) => !wantedNames.has(name)).map(({ name }) => name)
  for (const name of remove)
    lines.push({ action: 'remove', kind: 'service', name, host, fields: [] })
  const put = services.filter((service) => {
    const old = before.get(service.name)
    const fields = old === undefined ? [] : changedFields(old, service)
    if (old !== undefined && fields.length === 0) return false
    lines.push({
      action: old ? 'change' : 'add',
      kind: 'service',
      name: service.name,
      host,
      fields,
    })
    return true
  })
  if (remove.length + put.length > 0) steps.push({ kind: 'change', host, remove, put })
}

/** A service that moves between hosts leaves one before it comes to the other: its port can be held once. */
const removalsFirst = (steps: readonly Step[]): Step[] => {
  const removals = steps.flatMap((step): Step[] =>
    step.kind === 'change' && step.remove.length > 0 ? [{ ...step, put: [] }] : [],
  )
  const others = steps.flatMap((step): Step[] => {
    if (step.kind !== 'change') return [step]
    return step.put.length > 0 ? [{ ...step, remove: [] }] : []
  })
  return [...removals, ...others]
}
