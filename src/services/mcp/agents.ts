import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici'
import { loopbackSource } from '../../base/loopback.ts'
import type { Proxies } from './environment.ts'
import { exchange } from './exchange.ts'

const CONNECT_MS = 10_000
/** Connections to one API at a time. */
const MAX_CONNECTIONS = 64

type AgentOptions = { guardedLookup: unknown; proxies: Proxies }

/**
 * Connections to the APIs: open ones, guarded ones whose names go through the given lookup, and those into the sandbox,
 * which is on this machine. A module of its own, loaded with the first call: bundled, undici is CommonJS, and `import()`
 * of that has no named exports.
 */
export const createAgents = ({ guardedLookup, proxies }: AgentOptions) => {
  const make = (connect: object): Dispatcher => {
    const options = { connections: MAX_CONNECTIONS, connect: { timeout: CONNECT_MS, ...connect } }
    if (proxies.httpProxy === '' && proxies.httpsProxy === '') return new Agent(options)
    return new EnvHttpProxyAgent({ ...options, ...proxies })
  }
  const sandbox = new Agent({
    connections: MAX_CONNECTIONS,
    connect: { timeout: CONNECT_MS, ...loopbackSource('127.0.0.1') },
  })
  return { exchange, open: make({}), guarded: make({ lookup: guardedLookup }), sandbox }
}
