import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashSecret, instanceUrl, makeHandle } from '../../../src/model/instance.ts'
import { loadRegistry } from '../../../src/registry/load.ts'
import { findFreePorts } from '../free-ports.ts'
import { send } from '../http.ts'
import { makeInstance, SECRET, startGateway } from '../gateway.ts'
import { startHostHere } from '../host.ts'
import { startRecorder, type Recorded } from '../recorder.ts'
import { REGISTRY, type ConfigFile, type ToolEntry } from './config-file.ts'
import { hasChoice, sampleArguments, sampleCredentials, type Extent } from './samples.ts'

/** A tool call and what the API would have received. */
export type Played = {
  config: ConfigFile
  tool: ToolEntry
  extent: Extent
  args: Record<string, unknown>
  credentials: Record<string, string>
  /** One, when all is well. */
  requests: Recorded[]
  /** What the tool said when it failed. */
  error: string | undefined
}

const EXTENTS = ['full', 'least'] as const
const AT_ONCE = 8
const USER = '1a2b3c4d-0000-4000-8000-000000000000'

/**
 * Calls every tool of every given service with all arguments by a real MCP client and, where that is less, with the least
 * of them by plain HTTP: instance URL → gateway → host → the way out, which ends in a recorder.
 */
export const playCatalogue = async (configs: readonly ConfigFile[]): Promise<Played[]> => {
  const stage = await setStage(configs)
  try {
    const waiting = [...configs]
    const played: Played[] = []
    const work = async () => {
      for (let config = waiting.shift(); config; config = waiting.shift())
        for (const extent of EXTENTS) played.push(...(await playService(stage, { config, extent })))
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    return played
  } finally {
    await stage.stop()
  }
}

type Stage = Awaited<ReturnType<typeof setStage>>

const setStage = async (configs: readonly ConfigFile[]) => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-catalogue-'))
  const recorder = await startRecorder()
  const names = configs.map(({ name }) => name)
  const ports = await findFreePorts(names.length)
  const services = loadRegistry(REGISTRY)
    .services.filter(({ name }) => names.includes(name))
    .map((service, index) => ({ ...service, port: ports[index] ?? 0 }))
  const host = await startHostHere({ folder, services, env: { BERTH_SANDBOX_URL: recorder.url } })
  const instances = configs.flatMap((config) =>
    EXTENTS.map((extent) => ({
      extent,
      ...makeInstance({
        handle: makeHandle(config.name, USER),
        service: config.name,
        secretHash: hashSecret(SECRET),
        sealedCredentials: JSON.stringify(sampleCredentials(config, extent)),
      }),
    })),
  )
  const front = await startGateway({
    ports: Object.fromEntries(services.map(({ name, port }) => [name, port])),
    instances,
    hostKey: host.hostKey,
  })
  const urlOf = (service: string, extent: Extent) => {
    const found = instances.find((one) => one.service === service && one.extent === extent)
    return new URL(instanceUrl(front.url, { handle: found?.handle ?? '', secret: SECRET, service }))
  }
  const stop = async () => {
    await front.stop()
    await host.stop()
    await recorder.stop()
    rmSync(folder, { recursive: true })
  }
  return { recorder, urlOf, stop }
}

const playService = async (
  { recorder, urlOf }: Stage,
  { config, extent }: { config: ConfigFile; extent: Extent },
): Promise<Played[]> => {
  const door = await DOORS[extent](urlOf(config.name, extent))
  const credentials = sampleCredentials(config, extent)
  const played: Played[] = []
  const tools = config.tools.filter((tool) => extent === 'full' || hasChoice(config, tool))
  for (const tool of tools) {
    const args = sampleArguments(tool, extent)
    const answer = await door.call(tool, args)
    const requests = takeOut(recorder.requests, ({ url }) => url.startsWith(`/${config.name}/`))
    const error = answer.isError ? JSON.stringify(answer.content) : undefined
    played.push({ config, tool, extent, args, credentials, requests, error })
  }
  await door.close()
  return played
}

type Door = {
  call: (
    tool: ToolEntry,
    args: Record<string, unknown>,
  ) => Promise<{ isError?: boolean | undefined; content: unknown }>
  close: () => Promise<void>
}

/** The official client; it sees a tool as `tools/list` shows it. */
const openMcp = async (url: URL): Promise<Door> => {
  const client = new Client({ name: 'catalogue', version: '1' })
  await client.connect(new StreamableHTTPClientTransport(url))
  const { tools: offered } = await client.listTools()
  return {
    call: (tool, args) => {
      const listed = offered.find(({ name }) => name === tool.name)
      return client.callTool({ name: tool.name, arguments: asListed(tool, args, listed) })
    },
    close: () => client.close(),
  }
}

/** Model APIs refuse other characters in names, so a tool offers `$top` as `top`: in the order of its config. */
const asListed = (
  tool: ToolEntry,
  args: Record<string, unknown>,
  listed: { inputSchema: { properties?: object | undefined } } | undefined,
): Record<string, unknown> => {
  const ownNames = Object.keys(tool.parameters)
  const listedNames = Object.keys(listed?.inputSchema.properties ?? {})
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [listedNames[ownNames.indexOf(name)] ?? '', value]),
  )
}

/** `POST …/tools/{name}`, under the names of the config; it costs a tenth of a call by MCP. */
const openPlain = (url: URL): Promise<Door> =>
  Promise.resolve({
    call: async (tool, args) => {
      const path = url.pathname.replace(/\/mcp$/, `/tools/${tool.name}`)
      const { body, text } = await send(url.origin, path, { method: 'POST', body: args })
      return (body as { content: unknown } | undefined) ?? { isError: true, content: text }
    },
    close: () => Promise.resolve(),
  })

const DOORS: Readonly<Record<Extent, (url: URL) => Promise<Door>>> = {
  full: openMcp,
  least: openPlain,
}

const takeOut = <T>(items: T[], isWanted: (item: T) => boolean): T[] => {
  const wanted = items.filter(isWanted)
  items.splice(0, items.length, ...items.filter((item) => !isWanted(item)))
  return wanted
}
