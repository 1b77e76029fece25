import type { Command } from 'commander'
import { readConfig } from '../../base/config.ts'
import type { KeyStatus } from '../../model/keys.ts'
import { withKeys } from '../key-access.ts'
import { note, print, printJson, table, yellow } from '../output.ts'
import { createProgress } from '../progress.ts'

export const add = (program: Command): void => {
  const keys = program.command('keys').description('the keys that seal what users entered')
  keys
    .command('status')
    .description('which keys there are, what needs them, and who has loaded them')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const status = await withKeys(readConfig(), (access) => access.status())
      if (json) printJson(status)
      else printStatus(status)
    })
  keys
    .command('rotate')
    .description('make a new key and seal everything again by it; goes on where it was ended')
    .option('--json', 'print JSON')
    .action(({ json }: { json?: boolean }) => rotate(json ?? false))
  keys
    .command('remove')
    .argument('<kid>', 'which one; berth keys status shows them')
    .description('take a key that nothing needs any more out of the ring for good')
    .option('--json', 'print JSON')
    .action(async (kid: string, { json }: { json?: boolean }) => {
      await withKeys(readConfig(), (access) => access.remove(kid))
      if (json) printJson({ kid, removed: true })
      else
        print(`Removed ${kid}. Backups of the database from before the rotation open with it only.`)
    })
}

const rotate = async (json: boolean): Promise<void> => {
  let progress: ReturnType<typeof createProgress> | undefined
  let waited = ''
  const rotation = await withKeys(readConfig(), (access) =>
    access.rotate(({ phase, waitingFor, done, total }) => {
      const waits = waitingFor.join(', ')
      if (phase === 'waiting' && waits !== waited) note(`waiting for ${waits}`)
      waited = waits
      if (phase === 'waiting') return
      progress ??= createProgress('sealing', total)
      progress.update(done)
    }),
  )
  progress?.end()
  if (json) {
    printJson(rotation)
    return
  }
  print(`Everything is sealed by ${rotation.kid}: ${rotation.done} values.`)
  if (rotation.unreadable > 0)
    note(`${yellow('left as they are:')} ${rotation.unreadable} values that do not open; berth audit list names them`) // prettier-ignore
  note('Keep a backup of the key ring. What an old key still holds: berth keys status')
}

const printStatus = ({ keys, processes }: KeyStatus): void => {
  const rows = keys.map(({ kid, state, inRing, values, removable }) => [
    kid,
    state,
    inRing ? 'yes' : 'no',
    String(values),
    removable ? `nothing; berth keys remove ${kid}` : state === 'removed' ? 'nothing' : 'yes',
  ])
  print(table(['KEY', 'STATE', 'IN RING', 'VALUES', 'NEEDED'], rows))
  print(`\nLoaded by: ${processes.join(', ') || 'nobody'}`)
}
