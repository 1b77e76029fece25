import type { FleetStatus } from '../model/fleet.ts'
import { countChanges } from './changes.ts'
import { bold, green, print, yellow } from './output.ts'

type How = { wasRunning: boolean; changed: number; seconds: number }

/** What `berth up` says at its end. */
export const printSummary = (status: FleetStatus, { wasRunning, changed, seconds }: How): void => {
  const count = (state: string) =>
    status.services.filter((service) => service.state === state).length
  const ports = status.services.map(({ port }) => port)
  const what = changed === 0 ? 'nothing was changed' : `${countChanges(changed)} applied`
  const how = wasRunning ? `ran already; ${what}` : `started in ${seconds.toFixed(1)} s`
  print(
    `${green('Up:')} ${bold(`${status.services.length} services`)} (${count('healthy')} healthy, ${count('planned')} planned) ${how}.`,
  )
  print(
    `  daemon    ${status.daemon.url} (pid ${status.daemon.pid ?? '?'}, ${status.daemon.database} database)`,
  )
  print(
    `  hosts     ${status.hosts.length} processes on 127.0.0.1, ports ${Math.min(...ports)}-${Math.max(...ports)}`,
  )
  const { gateway } = status
  if (gateway) print(`  gateway   ${gateway.wanted} processes on port ${gateway.port}`)
  const out = count('stopped') + count('quarantined')
  if (out > 0)
    print(yellow(`  out       ${out} services are stopped or quarantined; see berth status`))
  if (status.daemon.sandbox !== null)
    print(
      yellow(
        `  SANDBOX   every outside call goes to ${status.daemon.sandbox}, not to the real APIs`,
      ),
    )
  print('')
  print('Try next:')
  print('  npx berth demo      a user, a key, a tool call through an own URL, step by step')
  print('  npx berth status    what runs')
  print('  npx berth down      stop it all')
}
