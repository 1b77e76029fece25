import { Agent, request } from 'undici'

const CONNECT_MS = 10_000
/** Connections to one API at a time. */
const MAX_CONNECTIONS = 64

/**
 * Connections to the APIs: open ones, and guarded ones whose names go through the given lookup. A module of its own,
 * loaded with the first call: bundled, undici is CommonJS, and `import()` of that has no named exports.
 */
export const createAgents = (guardedLookup: unknown) => {
  const make = (lookup: object) =>
    new Agent({ connections: MAX_CONNECTIONS, connect: { timeout: CONNECT_MS, ...lookup } })
  return { request, open: make({}), guarded: make({ lookup: guardedLookup }) }
}
