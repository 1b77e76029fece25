import type { Service, Tool } from '../../model/service.ts'
import { MODERN_VERSION, type Era } from './hot-message.ts'
import { listTools } from './tools.ts'

/** What a service says of itself in both eras; the SDK's server is made from it too. */
export const describeServer = (service: Service) => ({
  info: { name: service.name, title: service.displayName, version: service.api.version || '1' },
  capabilities: { tools: {} },
  instructions: service.description || undefined,
})

/** How long a client may keep the list of tools; a change of a config reaches it within that time. */
export const LIST_TTL_MS = 300_000
/** An instance URL is one user's. */
export const LIST_SCOPE = 'private'

/** Under which key a modern answer names its server. */
const SERVER_INFO_KEY = 'io.modelcontextprotocol/serverInfo'

/** Answers that do not depend on the request, as JSON in UTF-8; made once, at the first need. */
export type Prepared = {
  tools: ReadonlyMap<string, Tool>
  list: Readonly<Record<Era, Buffer>>
  discover: Buffer
  initialize: (version: string) => Buffer
  /** What a modern result carries beside its own. */
  modernMembers: { resultType: 'complete'; _meta: Record<string, unknown> }
}

const prepared = new WeakMap<Service, Prepared>()

export const prepare = (service: Service): Prepared => {
  const known = prepared.get(service)
  if (known) return known
  const made = make(service)
  prepared.set(service, made)
  return made
}

const make = (service: Service): Prepared => {
  const { info, capabilities, instructions } = describeServer(service)
  const modernMembers = { resultType: 'complete', _meta: { [SERVER_INFO_KEY]: info } } as const
  const cacheable = { ttlMs: LIST_TTL_MS, cacheScope: LIST_SCOPE }
  const tools = listTools(service)
  const about = { capabilities, ...(instructions === undefined ? {} : { instructions }) }
  return {
    tools: new Map(service.tools.map((tool) => [tool.name, tool])),
    list: {
      legacy: bytesOf({ tools }),
      modern: bytesOf({ tools, ...modernMembers, ...cacheable }),
    },
    discover: bytesOf({
      supportedVersions: [MODERN_VERSION],
      ...about,
      ...modernMembers,
      ...cacheable,
    }),
    initialize: (protocolVersion) => bytesOf({ protocolVersion, ...about, serverInfo: info }),
    modernMembers,
  }
}

const bytesOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
