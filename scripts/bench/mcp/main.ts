// Tool calls and lists of one host process, beside a bare server of the SDK that makes the same call; in one run.
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { messageOf } from '../../../src/base/errors.ts'
import { note, print, printJson, table } from '../../../src/cli/output.ts'
import { runLoad, type Figures } from './load.ts'
import { messageOfEra, METHODS, type Era, type Method } from './messages.ts'
import { startBareServer, startHost, startUpstream, type Served } from './servers.ts'

const USAGE = `npm run bench:mcp -- [options]

Asks one process, from another, over 32 connections: tools/call against an instant API, tools/list with 100 tools.
  --seconds N   how long each measurement lasts (default: 4)
  --json        print JSON to stdout, alone`

type Row = { server: string; era: Era; method: Method } & Figures

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '4' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    print(USAGE)
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'berth-bench-mcp-'))
  const running: { stop: () => Promise<void> }[] = []
  const start = async <T extends { stop: () => Promise<void> }>(starting: Promise<T>) => {
    const started = await starting
    running.push(started)
    return started
  }
  try {
    const upstream = await start(startUpstream())
    const rows: Row[] = []
    const given = { folder, upstreamUrl: upstream.url }
    for (const { methods, serve } of [
      { methods: METHODS, serve: () => startHost(given) },
      { methods: ['tools/call'] as const, serve: () => startBareServer(given, 8) },
      { methods: ['tools/list'] as const, serve: () => startBareServer(given, 100) },
    ]) {
      const server = await start(serve())
      rows.push(...(await measureAll(server, methods, Number(values.seconds) * 1000)))
      await server.stop()
    }
    report(rows, values.json)
  } finally {
    await Promise.all(running.map(({ stop }) => stop()))
    rmSync(folder, { recursive: true, force: true })
  }
}

const measureAll = async (
  server: Served,
  methods: readonly Method[],
  ms: number,
): Promise<Row[]> => {
  const rows: Row[] = []
  for (const era of ['modern', 'legacy'] as const)
    for (const method of methods) {
      const request = messageOfEra(era, method, server)
      await runLoad({ ...server, request, ms }) // the first seconds go to the compiler
      const figures = await runLoad({ ...server, request, ms })
      note(`${server.name}, ${era}, ${method}: ${Math.round(figures.perSecond)}/s`)
      rows.push({ server: server.name, era, method, ...figures })
    }
  return rows
}

const report = (rows: readonly Row[], isJson: boolean): void => {
  const pairs = rows
    .filter(({ server }) => server === 'host')
    .map((own) => {
      const peer = rows.find(
        (row) => row.server !== 'host' && row.era === own.era && row.method === own.method,
      )
      return { own, peer }
    })
  if (isJson) {
    const machine = { cores: availableParallelism(), node: process.version }
    printJson({ machine, rows })
    return
  }
  const head = ['', 'host', 'bare SDK', 'ratio', 'CPU ms: host', 'bare SDK', 'ratio']
  const lines = pairs.map(({ own, peer }) => [
    `${own.method}, ${own.era}`,
    `${Math.round(own.perSecond)}/s`,
    `${Math.round(peer?.perSecond ?? 0)}/s`,
    (own.perSecond / (peer?.perSecond ?? Infinity)).toFixed(1),
    own.cpuMs.toFixed(3),
    (peer?.cpuMs ?? 0).toFixed(3),
    ((peer?.cpuMs ?? 0) / own.cpuMs).toFixed(1),
  ])
  print(`${availableParallelism()} cores, node ${process.version}; server, API and clients share them\n`) // prettier-ignore
  print(table(head, lines))
}

main().catch((error: unknown) => {
  note(messageOf(error))
  process.exitCode = 1
})
