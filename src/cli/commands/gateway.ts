import { availableParallelism } from 'node:os'
import { InvalidArgumentError, type Command } from 'commander'
import { readConfig } from '../../base/config.ts'
import { bytesOf } from '../../model/memory-size.ts'
import { note, printJson } from '../output.ts'

const MAX_PROCESSES = 64

const toCount = (text: string): number => {
  const count = Number(text)
  if (Number.isInteger(count) && count >= 1 && count <= MAX_PROCESSES) return count
  throw new InvalidArgumentError(`It must be a number from 1 to ${MAX_PROCESSES}.`)
}

const toBytes = (text: string): number => {
  if (/^\d+[KMG]$/.test(text)) return bytesOf(text)
  throw new InvalidArgumentError('It must be a size such as 512M or 1G.')
}

export const add = (program: Command): void => {
  const gateway = program
    .command('gateway')
    .description('instance URLs alone, on PORT; the fleet and the API are a daemon’s')
    .option('--processes <n>', 'so many share the port', toCount, availableParallelism())
    .option('--max-memory <size>', 'one that takes more is replaced, such as 512M', toBytes, 0)
    .action(async ({ processes, maxMemory }: { processes: number; maxMemory: number }) => {
      const { runGateway } = await import('../run-gateway.ts')
      await runGateway(readConfig(), { processes, maxBytes: maxMemory })
    })
  gateway
    .command('restart')
    .description('replace one process of the gateway on PORT after the other; no request is lost')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { restartGateway } = await import('../restart-gateway.ts')
      const processes = await restartGateway(readConfig())
      if (json) printJson({ processes })
      else note(`Replaced: ${processes.join(', ')} serve now.`)
    })
}
