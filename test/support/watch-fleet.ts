import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FleetStatus, ServiceStatus } from '../../src/model/fleet.ts'
import type { Fleet } from './fleet.ts'
import { environmentOfProcess, isAlive, processesNaming } from './processes.ts'
import { waitUntil } from './wait-until.ts'

/** What long tests ask of a running fleet, again and again. */
export const watchFleet = (fleet: () => Fleet) => {
  const status = () => fleet().json(['status'])
  const urlOf = (service: string) => `http://127.0.0.1:${fleet().ports[service] ?? 0}`
  return {
    status,
    urlOf,
    /** What a static port says of itself; undefined while nobody answers, or somebody else does. */
    healthOf: async (service: string) => {
      try {
        const answer = await fetch(`${urlOf(service)}/health`, {
          signal: AbortSignal.timeout(2_000),
        })
        return (await answer.json()) as { service: string; pid?: number }
      } catch {
        return undefined
      }
    },
    /** The names of the fleet's living processes, hosts and daemon; one that lives twice stands there twice. */
    living: (): string[] =>
      processesNaming(`BERTH_HOME=${fleet().home}`)
        .filter(isAlive)
        .flatMap(
          (pid) =>
            environmentOfProcess(pid).find((text) => /^name=(mcp-|main-api)/.test(text)) ?? [],
        )
        .map((variable) => variable.slice('name='.length))
        .sort(),
    pm2Pid: (): number => Number(readFileSync(join(fleet().home, 'pm2', 'pm2.pid'), 'utf8')),
    /** Waits for a service that is as wanted. @returns the whole status then */
    until: (
      what: string,
      isSo: (service: (name: string) => ServiceStatus | undefined, all: FleetStatus) => boolean,
      deadlineMs = 20_000,
    ): Promise<FleetStatus> =>
      waitUntil(
        what,
        async () => {
          // While one daemon hands over to the next, nobody answers.
          const now = await status().catch(() => undefined)
          if (!now) return false
          return isSo((name) => now.services.find(({ service }) => service === name), now) && now
        },
        deadlineMs,
      ),
  }
}
