import { isDeepStrictEqual } from 'node:util'
import { operationKey, splitAddress, type DocumentFacts, type Operation } from './documents.ts'
import type { Played } from './play.ts'
import { readRequest, type ReadRequest } from './read-request.ts'

/** What a recorded request differs in from what the API's own document says; empty when nothing. */
export const judgeByDocument = (played: Played, facts: DocumentFacts): string[] => {
  const { config, tool, requests } = played
  const key = operationKey(config, tool)
  const operation = facts.operations[key]
  const [recorded] = requests
  if (!operation) return [`no operation ${key}`]
  if (!recorded) return ['no request']
  const request = readRequest(recorded)
  return [
    ...judgeHost(played, operation),
    ...judgePath(request, key, config.name),
    ...judgeQuery(played, request, operation),
    ...judgeHeaders(request, operation),
    ...judgeBody(played, request, operation),
    ...judgeSecurity(request, operation),
  ]
}

const judgeHost = ({ config, tool }: Played, { hosts }: Operation): string[] => {
  const { host } = splitAddress(tool.baseURL ?? config.api.baseURL, '')
  // A host of the user's own, and documents that name none, say nothing.
  const isOpen = host === '{}' || hosts.some((one) => one === '' || one.includes('{}'))
  return isOpen || hosts.includes(host) ? [] : [`host: ${host}, not ${hosts.join(', ')}`]
}

/** The path as it was recorded, so that what the host makes of the template counts. */
const judgePath = ({ path }: ReadRequest, key: string, service: string): string[] => {
  const [, template = ''] = key.split(/ (.*)/s)
  const literals = template.split('{}').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  const isAsSaid = new RegExp(`^/${service}${literals.join('[^/?]+')}$`).test(path)
  return isAsSaid ? [] : [`path: ${path} is not of ${template}`]
}

const judgeQuery = (played: Played, request: ReadRequest, operation: Operation): string[] => {
  const { query, lists = [] } = operation
  const injected = Object.keys(played.config.auth.inject?.query ?? {})
  const names = request.query.map(([name]) => name)
  // `filter[name]` is a part of the object `filter`; `ids[]` is `ids`.
  const known = query.flatMap((name) => [bare(name), `${bare(name)}[]`])
  const isKnown = (name: string) =>
    known.includes(name) || known.includes(name.replace(/\[.*$/, ''))
  return [
    ...names.filter((name) => !injected.includes(name) && !isKnown(name)).map((name) => `query: "${name}" is unknown`), // prettier-ignore
    ...lists.filter((name) => names.filter((one) => one === name).length > 1).map((name) => `query: "${name}" is one list`), // prettier-ignore
    ...missing(query, [...names, ...injected]).map((name) => `query: "${name}" is required`),
  ]
}

const judgeHeaders = (request: ReadRequest, { headers }: Operation): string[] =>
  missing(headers, [...Object.keys(request.headers), 'accept', 'user-agent']).map(
    (name) => `header: "${name}" is required`,
  )

const judgeBody = (played: Played, request: ReadRequest, { body }: Operation): string[] => {
  const { content } = request
  if (content.kind === 'none') return []
  if (!body) return ['body: there is none']
  const type = request.headers['content-type'] ?? ''
  const isTaken = body.types.some(
    (one) => one === '*/*' || one.split(';')[0] === type.split(';')[0],
  )
  if (!isTaken) return [`body: ${type} is not among its types`]
  const { properties } = body
  const sent = namesIn(content, Object.values(played.args))
  if (!properties || !sent) return []
  const known = properties.map(bare)
  const wrappers = known.filter((name) => known.some((other) => other.startsWith(`${name}.`)))
  const isJudged = (name: string) => !name.includes('.') || wrappers.includes(name.split('.')[0] ?? '') // prettier-ignore
  const unknown = sent.filter((name) => isJudged(name) && !known.includes(name))
  const required = properties.filter((name) => !name.includes('.'))
  return [
    ...(body.open ? [] : unknown.map((name) => `body: "${name}" is unknown`)),
    ...missing(required, sent).map((name) => `body: "${name}" is required`),
  ]
}

/** Names at the top and one level below it; what an agent gives as a whole object is the agent's affair. */
const namesIn = (content: ReadRequest['content'], given: unknown[]): string[] | undefined => {
  if (content.kind === 'form') return content.fields.map(([name]) => name.replace(/\[.*$/, ''))
  if (content.kind === 'parts') return content.parts.map(({ name }) => name)
  if (content.kind !== 'json' || !isObject(content.value)) return undefined
  return Object.entries(content.value).flatMap(([name, value]) => {
    const isGiven = given.some((one) => isDeepStrictEqual(one, value))
    const inner = isObject(value) && !isGiven ? Object.keys(value) : []
    return [name, ...inner.map((one) => `${name}.${one}`)]
  })
}

const judgeSecurity = (request: ReadRequest, { security }: Operation): string[] => {
  const sent = [
    ...Object.keys(request.headers).map((name) => `header:${name}`),
    ...request.query.map(([name]) => `query:${name.toLowerCase()}`),
  ]
  if (!security || security.some((way) => sent.includes(way))) return []
  return [`security: none of ${security.join(', ')}`]
}

const bare = (name: string): string => name.replace(/!$/, '')

const missing = (names: readonly string[], sent: readonly string[]): string[] =>
  names.filter((name) => name.endsWith('!') && !sent.includes(bare(name))).map(bare)

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
