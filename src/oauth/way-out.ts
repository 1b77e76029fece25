import type { Dispatcher } from 'undici'
import { assertPublicHost, assertPublicName, publicLookup } from '../base/address-guard.ts'
import { loopbackSource } from '../base/loopback.ts'

export type WayOutOptions = {
  sandboxUrl: string | undefined
  /** Whether addresses that users filled in may be private ones. */
  allowPrivate: boolean
  /** As `HTTPS_PROXY` and `NO_PROXY` say; empty: none. */
  proxy: { https: string; none: string }
}

/** Where a request goes: whose service it is for, and whether a user's field is part of the address. */
type Target = { service: string; isFilledIn: boolean }

type Sent = { method: string; headers: Record<string, string>; body: string; signal: AbortSignal }
type Received = { status: number; text: string }

/** The way to the token endpoints. */
export type WayOut = {
  /** @throws AppError `forbidden` for a private address; whatever the network says */
  send: (to: Target, url: URL, sent: Sent) => Promise<Received>
  /** Where a browser is sent, and what is called: within the sandbox, if there is one. */
  addressOf: (service: string, url: URL) => URL
  close: () => Promise<void>
}

const CONNECT_MS = 5_000
const MAX_CONNECTIONS = 16
const MAX_BYTES = 256 * 1024

/** Redirects are not followed: the client's secret is for the address that the config names. */
export const createWayOut = ({ sandboxUrl, allowPrivate, proxy }: WayOutOptions): WayOut => {
  let agents: ReturnType<typeof openAgents> | undefined
  const addressOf = (service: string, url: URL) =>
    sandboxUrl === undefined ? url : new URL(`${sandboxUrl}/${service}${url.pathname}${url.search}`)
  const agentFor = async ({ isFilledIn }: Target, { hostname }: URL): Promise<Dispatcher> => {
    const { inside, open, guarded } = await (agents ??= openAgents(proxy))
    if (sandboxUrl !== undefined) return inside
    if (allowPrivate || !isFilledIn) return open
    assertPublicHost(hostname)
    // A proxy resolves the name, so the lookup of our own connections never sees it.
    if (proxy.https !== '') await assertPublicName(hostname)
    return guarded
  }
  return {
    addressOf,
    send: async (to, url, { method, headers, body, signal }) => {
      const dispatcher = await agentFor(to, url)
      const { request } = await import('undici')
      const answer = await request(addressOf(to.service, url), {
        dispatcher, method: method as 'POST', headers, body, signal,
      }) // prettier-ignore
      return { status: answer.statusCode, text: await readBounded(answer.body) }
    },
    close: async () => {
      for (const agent of Object.values((await agents) ?? {})) await agent.destroy()
    },
  }
}

/** Loaded with the first call: most processes that open the vault never sign anybody in. */
const openAgents = async (proxy: WayOutOptions['proxy']) => {
  const { Agent, EnvHttpProxyAgent } = await import('undici')
  const make = (connect: object): Dispatcher => {
    const options = {
      connections: MAX_CONNECTIONS,
      connect: { timeout: CONNECT_MS, ...connect },
    }
    if (proxy.https === '') return new Agent(options)
    return new EnvHttpProxyAgent({ ...options, httpsProxy: proxy.https, noProxy: proxy.none })
  }
  return {
    open: make({}),
    guarded: make({ lookup: publicLookup }),
    inside: new Agent({ connections: MAX_CONNECTIONS, connect: { timeout: CONNECT_MS, ...loopbackSource('127.0.0.1') } }), // prettier-ignore
  }
}

const readBounded = async (body: AsyncIterable<Buffer>): Promise<string> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > MAX_BYTES) throw new RangeError('the answer is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
