import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CREDENTIALS_HEADER, sealForHost } from '../../../src/model/host-credentials.ts'
import type { Service, Tool } from '../../../src/model/service.ts'
import { writeRegistryFile } from '../../../src/registry/registry-file.ts'

export type Served = {
  name: string
  url: string
  pid: number
  /** What a gateway adds to a request. */
  headers: () => Record<string, string>
  stop: () => Promise<void>
}
type ServerOptions = { folder: string; upstreamUrl: string }

const HOST_PROGRAM = join(import.meta.dirname, '../../../dist/services/mcp/main.js')
const BARE_PROGRAM = fileURLToPath(new URL('./bare-server.js', import.meta.url))
const TOOLS = 100
const PORT = 19_161
const BARE_PORT = 19_162

/** An API that answers at once: the same bytes to whatever comes. */
export const startUpstream = async () => {
  const body = JSON.stringify({ id: 'i1', name: 'An item', tags: ['a', 'b'], size: 12 })
  const answer = Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    // One request without a body is one packet here.
    socket.on('data', () => socket.write(answer))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const stop = () => {
    server.close()
    return Promise.resolve()
  }
  return { url: `http://127.0.0.1:${port}`, stop }
}

/** The built host program with one service of 100 tools. */
export const startHost = async ({ folder, upstreamUrl }: ServerOptions): Promise<Served> => {
  const home = mkdtempSync(join(folder, 'host-'))
  const key = randomBytes(32)
  const service = serviceOf(upstreamUrl)
  writeFileSync(join(home, 'host.key'), key.toString('base64'), { mode: 0o600 })
  writeRegistryFile(join(home, 'registry.json'), [service])
  const child = spawn(process.execPath, [HOST_PROGRAM], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      SERVICE_MODE: 'shared',
      MCP_TYPES: service.name,
      BERTH_REGISTRY_FILE: join(home, 'registry.json'),
      BERTH_HOST_KEY_FILE: join(home, 'host.key'),
    },
  })
  await once(child.stdout, 'data')
  const headers = () => ({
    [CREDENTIALS_HEADER]: sealForHost(
      key,
      { service: service.name, port: PORT },
      { api_key: 'key' },
    ),
  })
  return { name: 'host', ...runningAt(child, PORT), headers }
}

/** The SDK's own server. It registers its tools for every request, so calls are measured with few. */
export const startBareServer = async (
  { upstreamUrl }: ServerOptions,
  tools: number,
): Promise<Served> => {
  const child = spawn(process.execPath, [BARE_PROGRAM], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PORT: String(BARE_PORT), UPSTREAM_URL: upstreamUrl, TOOLS: String(tools) },
  })
  await once(child.stdout, 'data')
  return { name: 'bare SDK', ...runningAt(child, BARE_PORT), headers: () => ({}) }
}

const runningAt = (child: ChildProcess, port: number) => ({
  url: `http://127.0.0.1:${port}`,
  pid: child.pid ?? 0,
  stop: async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  },
})

const serviceOf = (baseURL: string): Service => ({
  name: 'items',
  displayName: 'Items',
  description: 'Keeps items.',
  category: 'general',
  port: PORT,
  api: { baseURL, version: '1', documentation: '' },
  auth: {
    type: 'api_key',
    fields: [{ name: 'api_key', type: 'password', required: true, description: '' }],
    inject: { headers: { 'X-Api-Key': '{{api_key}}' } },
  },
  tools: Array.from({ length: TOOLS }, (_, index) => toolOf(index)),
})

const toolOf = (index: number): Tool => ({
  name: `get_item_${index}`,
  description: 'Gets one item by its id, and says what is known of it.',
  method: 'GET',
  endpoint: '/items/{id}',
  parameters: {
    id: { type: 'string', required: true, description: 'Id of the item' },
    q: { type: 'string', required: false, description: 'What to look for' },
  },
})
