import type { Command } from 'commander'
import { readConfig } from '../../base/config.ts'
import type { PlanLine } from '../../model/fleet.ts'
import { loadRegistry } from '../../registry/load.ts'
import { describeChange, noteLeftOut } from '../changes.ts'
import { requireDaemon } from '../daemon-client.ts'
import { print, printJson } from '../output.ts'

export const add = (program: Command): void => {
  program
    .command('apply')
    .description('make the running fleet what registry and template say')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const config = readConfig()
      const daemon = await requireDaemon(config)
      noteLeftOut(loadRegistry(config.registryDir))
      const { changes } = await daemon.post<{ changes: PlanLine[] }>('/api/v1/admin/apply', {})
      if (json) return printJson({ changes })
      for (const line of changes) print(describeChange(line))
      print(changes.length === 0 ? 'Nothing to change.' : `Applied ${changes.length} changes.`)
    })
}
