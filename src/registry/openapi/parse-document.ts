import { AppError, messageOf } from '../../base/errors.ts'
import { isObject, textAt, type Json } from './json.ts'

type Dialect = 'swagger2' | 'openapi3'
export type OpenApiDocument = { root: Json; dialect: Dialect }

/** YAML's parser goes as deep as the text; this is far beyond any real document. */
const MAX_DEPTH = 400
const MAX_MERGE_KEYS = 200_000

/** @throws AppError `openapi_invalid` saying what the text is instead of an OpenAPI document */
export const parseDocument = async (bytes: Uint8Array): Promise<OpenApiDocument> => {
  const text = decode(bytes)
  const root = await parseText(text)
  if (!isObject(root)) throw refusal(`It holds ${Array.isArray(root) ? 'a list' : 'plain text'}, no OpenAPI document.`) // prettier-ignore
  return { root, dialect: dialectOf(root) }
}

export const refusal = (message: string, cause?: unknown): AppError =>
  new AppError('openapi_invalid', message, { cause })

const BYTE_ORDER = new Map([
  ['fffe', 'utf-16le'],
  ['feff', 'utf-16be'],
])

const decode = (bytes: Uint8Array): string => {
  const start = Buffer.from(bytes.subarray(0, 2)).toString('hex')
  if (start === '1f8b') throw refusal('It is compressed (gzip); unpack it first.')
  if (start === '504b') throw refusal('It is an archive (zip); unpack it first.')
  // The decoder takes the byte order mark away.
  const text = new TextDecoder(BYTE_ORDER.get(start) ?? 'utf-8').decode(bytes)
  if (text.slice(0, 1_000).includes('\0')) throw refusal('It is binary, no JSON or YAML.')
  if (text.trim() === '') throw refusal('It is empty.')
  return text
}

/** JSON first: it is fast, and what is no JSON may still be YAML. */
export const parseText = async (text: string): Promise<unknown> => {
  const start = text.trimStart()
  if (/^<(!doctype html|html|head|body|\?xml|!--|\w+[:\s>])/i.test(start))
    throw refusal(markup(start))
  const looksLikeJson = /^[{[]/.test(start)
  let problem: unknown
  if (looksLikeJson)
    try {
      return JSON.parse(text)
    } catch (error) {
      problem = error
    }
  const { load, CORE_SCHEMA, mergeTag } = await import('js-yaml')
  const schema = CORE_SCHEMA.withTags(mergeTag)
  try {
    return load(text, {
      schema,
      json: true,
      maxDepth: MAX_DEPTH,
      maxTotalMergeKeys: MAX_MERGE_KEYS,
    })
  } catch (error) {
    const kind = looksLikeJson ? 'JSON' : 'YAML'
    const [line = ''] = messageOf(problem ?? error).split('\n')
    throw refusal(`It is no valid ${kind}: ${line}.`, error)
  }
}

const markup = (start: string): string => {
  if (/^<(\?xml|wsdl|\w+:definitions)/i.test(start) && !/<html/i.test(start.slice(0, 500)))
    return 'It is XML (WSDL or WADL, perhaps), no OpenAPI document.'
  return 'It is an HTML page, no OpenAPI document; look on it for a link to openapi.json or openapi.yaml.'
}

const dialectOf = (root: Json): Dialect => {
  const openapi = textAt(root, 'openapi')
  const swagger = textAt(root, 'swagger')
  if (/^3(\.|$)/.test(openapi)) return 'openapi3'
  if (/^2(\.|$)/.test(swagger)) return 'swagger2'
  throw refusal(whatElse(root, openapi || swagger || textAt(root, 'swaggerVersion')))
}

const OTHERS: readonly [key: string, what: string][] = [
  ['asyncapi', 'an AsyncAPI document: it describes messages, no HTTP calls'],
  ['arazzo', 'an Arazzo document: it describes workflows over other documents'],
  ['discoveryVersion', 'a Google discovery document'],
  ['_postman_id', 'a Postman collection'],
  ['raml', 'a RAML document'],
  ['__schema', 'a GraphQL schema'],
  ['$schema', 'a JSON Schema'],
]

const whatElse = (root: Json, version: string): string => {
  if (version !== '') return `Its version is ${version.slice(0, 20)}; 2.0, 3.0 and 3.1 can be read.`
  const holders = [root, root['info'], root['data']]
  const other = OTHERS.find(([key]) => holders.some((holder) => isObject(holder) && key in holder))
  return other
    ? `It is ${other[1]}, no OpenAPI document.`
    : 'It says neither "openapi" nor "swagger", so it is no OpenAPI document.'
}
