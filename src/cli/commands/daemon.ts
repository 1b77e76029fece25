import type { Command } from 'commander'

export const add = (program: Command): void => {
  program
    .command('daemon')
    .description('run the daemon in the foreground; berth up runs it under PM2')
    .action(async () => {
      await import('../../main.ts')
    })
}
