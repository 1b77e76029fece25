import type { Command } from 'commander'
import { readConfig } from '../../base/config.ts'
import type { Changes } from '../../model/fleet.ts'
import { countChanges, describeChange, noteTroubles } from '../changes.ts'
import { requireDaemon } from '../daemon-client.ts'
import { print, printJson } from '../output.ts'

export const add = (program: Command): void => {
  program
    .command('plan')
    .description('what berth apply would change in the running fleet, and why')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const daemon = await requireDaemon(readConfig())
      const { changes, ...troubles } = await daemon.get<Changes>('/api/v1/admin/plan')
      noteTroubles(troubles)
      if (json) return printJson({ changes })
      if (changes.length === 0) return print('Nothing to change.')
      for (const line of changes) print(describeChange(line))
      print(`${countChanges(changes.length)}. Make them with: berth apply`)
    })
}
