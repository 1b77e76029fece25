// Compares the gateway with what else could stand in front of the services, on this machine and in one run.
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { messageOf } from '../../../src/base/errors.ts'
import { note, print, printJson } from '../../../src/cli/output.ts'
import { readCpuMs } from '../fleet/cpu.ts'
import { createDatabase } from '../fleet/database.ts'
import { loadFully, loadPaced } from './client.ts'
import { measureOnly } from './only.ts'
import { readOptions, USAGE, type Options } from './options.ts'
import { idleStreams } from './streams.ts'
import { summarise, waysTable, type Sample } from './report.ts'
import {
  buildPrograms,
  endAll,
  startBerth,
  startDirect,
  startHttpProxy,
  startNginx,
  type Running,
} from './ways.ts'

/** Below the ports that Linux takes for outgoing connections. */
const FIRST_PORT = 19_100

const main = async (): Promise<void> => {
  const options = readOptions(process.argv.slice(2))
  if (options === 'help') {
    print(USAGE)
    return
  }
  process.once('SIGINT', () => void endAll().then(() => process.exit(130)))
  await buildPrograms()
  if (options.only) {
    if (!(await measureOnly(options.only))) process.exitCode = 1
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'bg-'))
  const database = await createDatabase()
  try {
    const ways = await startWays(folder, database.url)
    const figures = summarise(await measureWays(ways, options))
    const berth = ways.find(({ name }) => name === 'berth')
    const streams = berth && options.streams > 0 ? await measureStreams(berth, options.streams) : undefined // prettier-ignore
    const machine = { cores: availableParallelism(), node: process.version }
    if (options.json) {
      printJson({ machine, figures, streams })
      return
    }
    print(
      `${machine.cores} cores, node ${machine.node}; one process each; medians of ${options.rounds} rounds\n`,
    )
    print(waysTable(figures))
    for (const { name, title } of ways) print(`  ${name.padEnd(11)}${title}`)
    if (streams) print(`\n${streams.count} idle event streams: ${(streams.bytesEach / 1024).toFixed(1)} KiB each in Berth's gateway`) // prettier-ignore
  } finally {
    await endAll()
    await database.drop()
    rmSync(folder, { recursive: true, force: true })
  }
}

const startWays = async (folder: string, databaseUrl: string): Promise<Running[]> => {
  const place = (port: number) => ({ folder, port, upstreamPort: FIRST_PORT, databaseUrl })
  const direct = await startDirect(place(0))
  const proxy = await startHttpProxy(place(FIRST_PORT + 1))
  const nginx = await startNginx(place(FIRST_PORT + 2))
  if (!nginx) note('nginx is not installed (apt-get install nginx-light): measured without it')
  const berth = await startBerth(place(FIRST_PORT + 3))
  return [direct, proxy, ...(nginx ? [nginx] : []), berth]
}

/** In turn, so that whatever else the machine does meets all of them. */
const measureWays = async (ways: readonly Running[], options: Options): Promise<Sample[]> => {
  const samples: Sample[] = []
  // As in a process that has run for minutes: each way's code is compiled, whatever its size.
  for (const { name, target } of ways) {
    note(`warming up: ${name} …`)
    await loadFully(target, options.warmSeconds * 1_000, () => undefined)
  }
  for (let round = 1; round <= options.rounds; round++)
    for (const way of ways) {
      note(`round ${round}: ${way.name} …`)
      samples.push(await measureOne(way, options.seconds * 1_000))
    }
  return samples
}

const measureOne = async ({ name, target, pid }: Running, ms: number): Promise<Sample> => {
  const cpu: number[] = []
  const pids = pid === undefined ? [] : [pid]
  const { perSecond, requests } = await loadFully(target, ms, () => cpu.push(readCpuMs(pids)))
  const cpuUs = (((cpu[1] ?? 0) - (cpu[0] ?? 0)) * 1_000) / requests
  const times = await loadPaced(target, ms)
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0
  return { name, perSecond, cpuUs, p50Ms: at(0.5), p99Ms: at(0.99) }
}

/** @returns bytes of the process that each stream takes */
const measureStreams = async ({ target, pid = 0 }: Running, count: number) => ({
  count,
  bytesEach: await idleStreams({ target, pid }, count),
})

main().catch((error: unknown) => {
  note(messageOf(error))
  process.exitCode = 1
})
