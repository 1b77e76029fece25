import { spawnSync } from 'node:child_process'
import type { Command } from 'commander'
import { environmentOf, readConfig } from '../../base/config.ts'
import { prepareHome } from '../../base/home.ts'
import { pm2Command } from '../../processes/launch.ts'
import { print } from '../output.ts'
import { EXIT } from '../run.ts'

export const add = (program: Command): void => {
  program
    .command('pm2 [args...]')
    .description("run PM2's own commands in the fleet's PM2 home: berth pm2 list")
    .option('--home', 'print that home, for: export PM2_HOME=$(berth pm2 --home)')
    .passThroughOptions()
    .allowUnknownOption()
    .action((args: string[], { home }: { home?: boolean }) => {
      const config = readConfig()
      if (home) return print(config.pm2Home)
      prepareHome(config.home, config.pm2Home)
      // No variable of the operator's shell shall reach a PM2 daemon that this may start.
      const env = {
        ...environmentOf(config),
        TERM: process.env['TERM'] ?? 'dumb',
        PM2_DISABLE_VERSION_CHECK: '1',
      }
      const { status } = spawnSync(process.execPath, [pm2Command(), ...args], {
        stdio: 'inherit',
        env,
      })
      process.exitCode = status ?? EXIT.failed
    })
}
