import type { Service } from '../model/service.ts'
import type { Finding } from './finding.ts'

/** A config that can be used, if nobody else has its name or port. */
export type Candidate = { file: string; service: Service }

/**
 * Of several configs with one name or port the first has it, by file; but never one that is new before one that runs with
 * both: a copied config whose port was not changed yet must not take a running service's place.
 */
export const resolveConflicts = (
  candidates: readonly Candidate[],
  running: readonly Service[],
): { chosen: Service[]; conflicts: Finding[] } => {
  const portOf = new Map(running.map(({ name, port }) => [name, port]))
  const isIncumbent = ({ service }: Candidate) => portOf.get(service.name) === service.port
  const ordered = [
    ...candidates.filter(isIncumbent),
    ...candidates.filter((candidate) => !isIncumbent(candidate)),
  ]
  const conflicts: Finding[] = []
  const byName = new Map<string, Candidate>()
  const byPort = new Map<number, Candidate>()
  for (const candidate of ordered) {
    const { service } = candidate
    const taken = byName.get(service.name) ?? byPort.get(service.port)
    if (taken) {
      conflicts.push(conflictOf(candidate, taken))
      continue
    }
    byName.set(service.name, candidate)
    byPort.set(service.port, candidate)
  }
  return { chosen: [...byName.values()].map(({ service }) => service), conflicts }
}

const conflictOf = ({ file, service }: Candidate, taken: Candidate): Finding => {
  const isName = taken.service.name === service.name
  const what = isName ? `name "${service.name}"` : `port ${service.port}`
  return {
    severity: 'error',
    service: service.name,
    file,
    path: isName ? 'name' : 'port',
    message: `${what} is taken by ${taken.file}; give this service another`,
  }
}
