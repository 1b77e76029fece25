import type { Command } from 'commander'
import { readConfig } from '../../base/config.ts'
import type { PlanLine } from '../../model/fleet.ts'
import { loadRegistry } from '../../registry/load.ts'
import { describeChange, noteLeftOut } from '../changes.ts'
import { requireDaemon } from '../daemon-client.ts'
import { print, printJson } from '../output.ts'

export const add = (program: Command): void => {
  program
    .command('plan')
    .description('what berth apply would change in the running fleet, and why')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const config = readConfig()
      const daemon = await requireDaemon(config)
      noteLeftOut(loadRegistry(config.registryDir))
      const { changes } = await daemon.get<{ changes: PlanLine[] }>('/api/v1/admin/plan')
      if (json) return printJson({ changes })
      if (changes.length === 0) return print('Nothing to change.')
      for (const line of changes) print(describeChange(line))
      print(`${changes.length} changes. Make them with: berth apply`)
    })
}
