import type { Command } from 'commander'
import { readConfig } from '../base/config.ts'
import { requireDaemon } from './daemon-client.ts'
import { print, printJson } from './output.ts'

type ServiceAction = { verb: 'restart' | 'stop' | 'start'; description: string; done: string }

/** The three verbs that act on services by name, in whatever kind of host they live. */
export const addServiceAction = (program: Command, action: ServiceAction): void => {
  program
    .command(`${action.verb} <service...>`)
    .description(action.description)
    .option('--json', 'print JSON')
    .action(async (services: string[], { json }: { json?: boolean }) => {
      const daemon = await requireDaemon(readConfig())
      const answer = await daemon.post(`/api/v1/admin/services/${action.verb}`, { services })
      if (json) printJson(answer)
      else print(`${action.done}: ${services.join(', ')}`)
    })
}
