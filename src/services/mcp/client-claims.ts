/** What clients say about themselves: only shapes that the SDK's schemas certainly take. Anything else is its to judge. */

type Json = Record<string, unknown>

/** An object of JSON, not an array. */
export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const INFO_KEYS = new Set(['name', 'version', 'title', 'websiteUrl', 'description'])

/** Name and version of a client, with plain texts beside. */
export const isClientInfo = (value: unknown): boolean =>
  isObject(value) &&
  'name' in value &&
  'version' in value &&
  Object.entries(value).every(([key, text]) => INFO_KEYS.has(key) && typeof text === 'string')

/** Members of each capability that are objects; one that is not named here is the SDK's to judge. */
const CAPABILITIES: Readonly<Record<string, readonly string[] | 'any'>> = {
  experimental: 'any',
  extensions: 'any',
  sampling: ['context', 'tools'],
  elicitation: ['form', 'url'],
}

export const isClientCapabilities = (value: unknown): boolean =>
  isObject(value) && Object.entries(value).every(([name, given]) => isCapability(name, given))

const isCapability = (name: string, given: unknown): boolean => {
  if (!isObject(given)) return false
  if (name === 'roots')
    return Object.entries(given).every(
      ([key, flag]) => key === 'listChanged' && typeof flag === 'boolean',
    )
  const members = Object.hasOwn(CAPABILITIES, name) ? CAPABILITIES[name] : undefined
  if (members === undefined) return false
  return Object.entries(given).every(
    ([key, member]) =>
      isObject(member) && (members === 'any' || (members.includes(key) && isFlags(member))),
  )
}

/** The deeper members: all of them flags, where there are any. */
const isFlags = (member: Json): boolean =>
  Object.values(member).every((flag) => typeof flag === 'boolean')

/** A request's id or progress token. */
export const isId = (value: unknown): value is string | number =>
  typeof value === 'string' || Number.isSafeInteger(value)
