import { asType } from './agent-schema.ts'
import type { Schemas } from './schemas.ts'
import type { SourceParameter } from './source.ts'

type Keywords = Readonly<Record<string, unknown>>

/** RFC 9110: a token. */
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/
/** The specification says that the first three are no parameters; the others belong to the connection. */
const NOT_OURS = new Set([
  'accept', 'content-type', 'authorization', 'host', 'content-length', 'connection', 'transfer-encoding', 'cookie',
  'accept-encoding', 'user-agent', 'keep-alive', 'upgrade', 'te', 'trailer', 'expect', 'proxy-authorization',
]) // prettier-ignore

/** Whether a parameter is one that an agent may fill in. */
export const mayStand = ({ name, in: place }: SourceParameter): boolean => {
  if (place === 'header') return HEADER_NAME.test(name) && !NOT_OURS.has(name.toLowerCase())
  return place !== 'cookie' || HEADER_NAME.test(name)
}

/** The only value that a required parameter can have: no agent needs to be asked for it. */
export const constantOf = (
  { name, in: place, required, schema }: SourceParameter,
  { schemas, version }: { schemas: Schemas; version: string },
): string | undefined => {
  if (!required || (place !== 'query' && place !== 'header')) return undefined
  const { type, keywords } = schemas.shapeOf(schema)
  if (NO_SCALAR.has(type)) return undefined
  const stated = asType(onlyValue(keywords), 'string')
  const text = stated ?? (isItsVersion(name, version, keywords) ? version : undefined)
  return typeof text === 'string' && /^[\x20-\x7e]*$/.test(text) ? text : undefined
}

const NO_SCALAR: ReadonlySet<string> = new Set(['array', 'object', 'any', 'file'])

/** What `const`, or an `enum` of one, leaves no choice about. */
export const onlyValue = (keywords: Keywords): unknown => {
  const several = keywords['enum']
  if ('const' in keywords) return keywords['const']
  return Array.isArray(several) && several.length === 1 ? (several as unknown[])[0] : undefined
}

/** Azure's documents: `api-version` is required, and its value is the version of the document. */
const isItsVersion = (name: string, version: string, keywords: Keywords): boolean =>
  /^api-?version$/i.test(name) &&
  /^\d{4}-\d{2}-\d{2}/.test(version) &&
  keywords['enum'] === undefined &&
  keywords['default'] === undefined
