import { Agent, EnvHttpProxyAgent, Pool, type Dispatcher } from 'undici'
import { loopbackSource } from '../../base/loopback.ts'
import type { Proxies } from './environment.ts'
import { exchange } from './exchange.ts'

const CONNECT_MS = 10_000
/** Connections to one API at a time. */
const MAX_CONNECTIONS = 64

/** Which connections lead to an address. */
type Way = (url: URL) => Dispatcher

type AgentOptions = { guardedLookup: unknown; proxies: Proxies }

/**
 * Connections to the APIs: open ones, guarded ones whose names go through the given lookup, and those into the sandbox,
 * which is on this machine. A module of its own, loaded with the first call: bundled, undici is CommonJS, and `import()`
 * of that has no named exports.
 */
export const createAgents = ({ guardedLookup, proxies }: AgentOptions) => {
  const all: Dispatcher[] = []
  const kept = <T extends Dispatcher>(made: T): T => {
    all.push(made)
    return made
  }
  const make = (connect: object): Way => {
    const options = { connections: MAX_CONNECTIONS, connect: { timeout: CONNECT_MS, ...connect } }
    const direct = kept(new Agent(options))
    const through = (proxy: string): Dispatcher =>
      proxy === '' ? direct : kept(new EnvHttpProxyAgent(proxyOptions(proxy, options)))
    // Each variable is for its own scheme, as for curl and Go: left to itself, undici sends https through HTTP_PROXY too.
    const [http, https] = [through(proxies.httpProxy), through(proxies.httpsProxy)]
    return ({ protocol }) => (protocol === 'https:' ? https : http)
  }
  const proxyOptions = (proxy: string, options: Agent.Options): EnvHttpProxyAgent.Options => ({
    ...options,
    httpProxy: proxy,
    httpsProxy: proxy,
    noProxy: proxies.noProxy,
    // Plain http in absolute form (RFC 9112 §3.2.2): proxies tunnel to port 443 alone.
    proxyTunnel: false,
    factory: (origin, given: Pool.Options) =>
      new Pool(origin, { connections: MAX_CONNECTIONS, ...given }),
  })
  const inside = kept(
    new Agent({
      connections: MAX_CONNECTIONS,
      connect: { timeout: CONNECT_MS, ...loopbackSource('127.0.0.1') },
    }),
  )
  return {
    exchange,
    open: make({}),
    guarded: make({ lookup: guardedLookup }),
    sandbox: (): Dispatcher => inside,
    destroy: async () => {
      await Promise.all(all.map((agent) => agent.destroy()))
    },
  }
}
