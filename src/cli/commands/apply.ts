import type { Command } from 'commander'
import { readConfig } from '../../base/config.ts'
import type { Changes } from '../../model/fleet.ts'
import { countChanges, describeChange, noteTroubles } from '../changes.ts'
import { requireDaemon } from '../daemon-client.ts'
import { print, printJson } from '../output.ts'

export const add = (program: Command): void => {
  program
    .command('apply')
    .description('make the running fleet what registry and template say')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const daemon = await requireDaemon(readConfig())
      const { changes, ...troubles } = await daemon.post<Changes>('/api/v1/admin/apply', {})
      noteTroubles(troubles)
      if (json) return printJson({ changes })
      for (const line of changes) print(describeChange(line))
      print(
        changes.length === 0 ? 'Nothing to change.' : `Applied ${countChanges(changes.length)}.`,
      )
    })
}
