import { setImmediate as turn } from 'node:timers/promises'
import type { AppSpec } from '../../src/model/fleet.ts'
import type { Service } from '../../src/model/service.ts'
import type { Channel } from '../../src/supervisor/channel.ts'
import type { ManagedProcess, ProcessManager } from '../../src/supervisor/reconciler.ts'

/** The variable that carries the settings with which a fake process was started. */
export const PRINT = 'PRINT'

/**
 * A process manager in memory, and the hosts that it runs: every action in its order, what runs, what each host serves.
 * A host that starts serves what was published for it.
 */
export const createFakeProcesses = () => {
  let nextId = 0
  const processes: ManagedProcess[] = []
  const served = new Map<string, Service[]>()
  const published = new Map<string, readonly Service[]>()
  const actions: string[] = []
  const behaviour = { list: () => Promise.resolve(), change: () => Promise.resolve() }

  /** A second process of a name answers at the same socket as the first. */
  const run = (name: string, print: string, services: Service[] = []): void => {
    const pmId = nextId++
    const made = { pmId, name, pid: 100 + pmId, restarts: 0, exitCode: undefined, startedAt: new Date(0), env: { [PRINT]: print } } // prettier-ignore
    if (!processes.some((process) => process.name === name)) served.set(name, services)
    processes.push(made)
  }
  const manager: ProcessManager<ManagedProcess> = {
    list: async () => {
      actions.push('list')
      await behaviour.list()
      return [...processes]
    },
    start: async (spec: AppSpec) => {
      actions.push(`start ${spec.name}`)
      await turn()
      run(spec.name, spec.env[PRINT] ?? '', [...(published.get(spec.name) ?? [])])
    },
    remove: async (pmId) => {
      actions.push(`remove ${pmId}`)
      await turn()
      const at = processes.findIndex((process) => process.pmId === pmId)
      if (at >= 0) processes.splice(at, 1)
    },
    endOrphans: (names) => {
      actions.push(`orphans ${names.join()}`)
      return Promise.resolve()
    },
  }
  const openChannel = (host: string): Channel => ({
    describe: () => Promise.resolve({ pid: 0, services: served.get(host) ?? [], taken: [] }),
    change: async ({ remove, put }) => {
      actions.push([`change ${host}`, ...remove.map((name) => `-${name}`), ...put.map(({ name }) => `+${name}`)].join(' ')) // prettier-ignore
      await behaviour.change()
      const gone = [...remove, ...put.map(({ name }) => name)]
      const kept = (served.get(host) ?? []).filter(({ name }) => !gone.includes(name))
      served.set(host, [...kept, ...put])
    },
    measure: () => Promise.reject(new Error('nobody shall measure')),
    close: () => undefined,
  })
  /** What was done, without looking. */
  const acted = (): string[] =>
    actions.splice(0).filter((action) => !/^(list|orphans)/.test(action))
  return { manager, openChannel, processes, served, published, actions, behaviour, run, acted }
}
