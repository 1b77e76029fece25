import {
  Client as ClientOf2,
  StreamableHTTPClientTransport as TransportOf2,
} from '@modelcontextprotocol/client'
import { Client as ClientOf1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportOf1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { waitUntil } from './wait-until.ts'

const ME = { name: 'test', version: '1' }

const connectBy2 = async (url: URL, mode: 'legacy' | { pin: string }) => {
  const client = new ClientOf2(ME, { versionNegotiation: { mode } })
  await client.connect(new TransportOf2(url))
  return client
}

/** The official clients, of both eras of the protocol. */
const CONNECT = {
  'client 2.x, sessions': (url: URL) => connectBy2(url, 'legacy'),
  'client 2.x, 2026-07-28': (url: URL) => connectBy2(url, { pin: '2026-07-28' }),
  'sdk 1.x': async (url: URL) => {
    const client = new ClientOf1(ME)
    await client.connect(new TransportOf1(url))
    return client
  },
}

type Talk = {
  /** By turns; each is called with a `title` that no other call has. */
  tools: readonly [string, string]
  /** Of each kind; 1 unless told otherwise. */
  clients?: number
}

/** Clients of each kind that connect once and then call tools and list them, one call after the other, until they are stopped. */
export const startConversations = (url: URL, { tools, clients = 1 }: Talk) => {
  const failures: unknown[] = []
  const done = new Map<string, number>()
  let isOver = false
  const converse = async (name: string, connect: (typeof CONNECT)[keyof typeof CONNECT]) => {
    const client = await connect(url)
    for (let turn = 0; !isOver; turn++) {
      const name_ = turn % 2 === 0 ? tools[0] : tools[1]
      const result = await client.callTool({ name: name_, arguments: { title: `${name} ${turn}` } })
      if (result.isError === true) failures.push(result)
      if (turn % 5 === 0) await client.listTools()
      done.set(name, turn + 1)
    }
    await client.close()
  }
  const names = Array.from({ length: clients }, (_, index) =>
    Object.keys(CONNECT).map((kind) => `${kind}, ${index}`),
  ).flat()
  const talks = Array.from({ length: clients }, (_, index) =>
    Object.entries(CONNECT).map(([kind, connect]) =>
      converse(`${kind}, ${index}`, connect).catch((error: unknown) => {
        failures.push(error)
      }),
    ),
  ).flat()

  return {
    failures,
    /** How many calls were answered. */
    count: () => [...done.values()].reduce((sum, count) => sum + count, 0),
    /** Waits until every client has gone on since, or one has failed. */
    allGoOn: async (): Promise<void> => {
      const before = new Map(done)
      const hasGoneOn = (name: string) => (done.get(name) ?? 0) > (before.get(name) ?? 0) + 1
      await waitUntil('every client has made calls since', () => failures.length > 0 || names.every(hasGoneOn)) // prettier-ignore
    },
    stop: async (): Promise<void> => {
      isOver = true
      await Promise.all(talks)
    },
  }
}
