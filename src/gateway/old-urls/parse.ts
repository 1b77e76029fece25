/** An address of the older model: `/<instance uuid>/mcp/<type>`, or anything under `/` or `/mcp` with `?token=`. */
export type OldUrl = {
  /** The uuid of its path, in small letters: in this form it is the secret. */
  oldId: string | undefined
  /** The access token of its query. */
  token: string | undefined
  /** Of the path; undefined when it names none. */
  type: string | undefined
  /** Path and query for the shared fleet; undefined: only the old server knows what this means. */
  sharedPath: string | undefined
}

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const WITH_ID = new RegExp(`^/(${UUID})(?:/|$)`, 'i')
const MCP = new RegExp(`^(?:/${UUID})?/?(?:mcp(?:/([^/]+))?/?)?$`, 'i')
const UNDER_MCP = /^\/(?:mcp(?:\/.*)?)?$/
const MAX_TOKEN = 512

/** @returns undefined for every other address */
export const parseOldUrl = (url: string): OldUrl | undefined => {
  const path = url.replace(/\?.*$/s, '')
  const query = new URLSearchParams(url.slice(path.length))
  const oldId = WITH_ID.exec(path)?.[1]?.toLowerCase()
  const token = tokenIn(query)
  if (oldId === undefined && (token === undefined || !UNDER_MCP.test(path))) return undefined
  const mcp = MCP.exec(path)
  const type = mcp?.[1]
  // The bare id of an instance was no address.
  const isWhole = mcp !== null && (type !== undefined || oldId === undefined)
  return { oldId, token, type, sharedPath: isWhole ? sharedPathWith(query) : undefined }
}

const tokenIn = (query: URLSearchParams): string | undefined => {
  const token = query.get('token') ?? ''
  return token !== '' && token.length <= MAX_TOKEN ? token : undefined
}

const sharedPathWith = (query: URLSearchParams): string => {
  query.delete('token')
  return query.size === 0 ? '/mcp' : `/mcp?${query.toString()}`
}
