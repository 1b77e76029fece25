import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { readConfig } from '../../base/config.ts'
import { renderEcosystem } from '../../fleet/ecosystem.ts'
import { writeRegistryFile } from '../../registry/registry-file.ts'
import { loadWantedFleet } from '../../compose/fleet/wanted.ts'
import { prepareFiles } from '../prepare.ts'
import { print, printJson } from '../output.ts'

export const add = (program: Command): void => {
  const ecosystem = program.command('ecosystem').description("PM2's view of the fleet")
  ecosystem
    .command('generate')
    .description('write ecosystem.config.cjs from ecosystem.template.js and the registry')
    .option('--out <file>', 'where to; beside the template by default')
    .option('--json', 'print JSON')
    .action(async ({ out, json }: { out?: string; json?: boolean }) => {
      const config = readConfig()
      const fleet = await loadWantedFleet(config)
      prepareFiles(config)
      writeRegistryFile(config.home.registryFile, fleet.services)
      const file = resolve(out ?? join(config.packageRoot, 'ecosystem.config.cjs'))
      writeFileSync(file, renderEcosystem(fleet.apps))
      if (json) return printJson({ file, apps: fleet.apps.map((app) => app.name) })
      print(`${file}: ${fleet.apps.length} apps for ${fleet.services.length} services`)
      print(`By hand: export PM2_HOME=$(berth pm2 --home) && pm2 start ${file}`)
    })
}
