import type { Service } from '../model/service.ts'

/** A file that does not give a service, and what may be known of whose it is. */
export type Unusable = { file: string; names: readonly string[]; ports: readonly number[] }

/**
 * The services that go on with the config they run with, by the file that would replace it: one character too many in a
 * file must not take a service from its users. Whose file it is, its folder or name tells, or the port that its text names.
 */
export const keepRunning = (
  unusable: readonly Unusable[],
  { chosen, running }: { chosen: readonly Service[]; running: readonly Service[] },
): ReadonlyMap<string, Service> => {
  const names = new Set(chosen.map(({ name }) => name))
  const ports = new Set(chosen.map(({ port }) => port))
  const kept = new Map<string, Service>()
  for (const one of unusable) {
    const service =
      running.find(({ name }) => one.names.includes(name)) ??
      running.find(({ port }) => one.ports.includes(port))
    if (!service || names.has(service.name) || ports.has(service.port)) continue
    names.add(service.name)
    ports.add(service.port)
    kept.set(one.file, service)
  }
  return kept
}
