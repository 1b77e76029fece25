import type { CredentialField, Inject } from '../../model/service.ts'
import { isObject, listAt, textAt, valueAt, type Json } from './json.ts'
import type { RawOperation } from './operations.ts'
import { readScheme, type OAuth, type Scheme } from './security-schemes.ts'

type Auth = {
  type: Scheme['type']
  fields: CredentialField[]
  inject: Inject
  oauth?: OAuth
}

export type Security = { auth: Auth; injected: Set<string>; notes: string[] }

/** Ways to satisfy an operation, each a list of scheme names that go together. */
type Requirement = { alternatives: string[][]; operations: number }

type Chosen = { name: string; scheme: Scheme; required: boolean }

/**
 * Chooses what every request carries. Of alternatives one is taken, the one that needs the least beside what is chosen
 * already; what the most operations ask for is required, what only others ask for is optional.
 */
export const readSecurity = (
  root: Json,
  operations: readonly RawOperation[],
  nodes: ReadonlyMap<string, unknown>,
): Security => {
  const all = nodes.size > 0 ? nodes : keysAmongParameters(operations)
  const notes: string[] = []
  const schemes = new Map<string, Scheme>()
  for (const [name, node] of all) {
    const scheme = readScheme(node)
    if ('unsupported' in scheme) notes.push(`${name}: ${scheme.unsupported}`)
    else schemes.set(name, scheme)
    if (isSigned(node)) notes.push(`${name}: requests are signed (AWS Signature 4), which is not done; the API will refuse them`) // prettier-ignore
  }
  const chosen = choose(requirementsOf(root, operations, [...all.keys()]), schemes, notes)
  return { auth: authOf(chosen), injected: new Set(chosen.map(({ scheme }) => scheme.carrier)), notes } // prettier-ignore
}

const isSigned = (node: unknown): boolean =>
  /sigv4|signature/i.test(textAt(node, 'x-amazon-apigateway-authtype'))

/** The document's requirements, the most frequent first; without any, each scheme is one way. */
const requirementsOf = (
  root: Json,
  operations: readonly RawOperation[],
  names: readonly string[],
): Requirement[] => {
  const byText = new Map<string, Requirement>()
  for (const { node } of operations) {
    const stated = Array.isArray(node['security']) ? node : root
    const alternatives = listAt(stated, 'security').filter(isObject).map((one) => Object.keys(one)) // prettier-ignore
    const key = JSON.stringify(alternatives)
    const known = byText.get(key) ?? { alternatives, operations: 0 }
    known.operations++
    byText.set(key, known)
  }
  const stated = [...byText.values()].filter(({ alternatives }) => alternatives.flat().length > 0)
  if (stated.length === 0 && names.length > 0)
    return [{ alternatives: names.map((name) => [name]), operations: operations.length }]
  return stated.sort((a, b) => b.operations - a.operations)
}

const choose = (
  requirements: readonly Requirement[],
  schemes: ReadonlyMap<string, Scheme>,
  notes: string[],
): Chosen[] => {
  const chosen = new Map<string, Chosen>()
  for (const [index, { alternatives, operations }] of requirements.entries()) {
    const ways = alternatives.filter((way) => way.length > 0)
    if (ways.some((way) => way.every((name) => chosen.has(name)))) continue
    const possible = ways.filter((way) => isPossible(way, schemes, chosen))
    const best = possible.sort((a, b) => cost(a, schemes, chosen) - cost(b, schemes, chosen))[0]
    if (!best) {
      const named = ways.map((way) => way.join(' + ')).join(' or ')
      notes.push(`${operations} operations ask for ${named}, which is not sent: it is not possible, or another key has its place`) // prettier-ignore
      continue
    }
    const isOptional = index > 0 || ways.length < alternatives.length
    for (const name of best) {
      const scheme = schemes.get(name)
      if (scheme && !chosen.has(name)) chosen.set(name, { name, scheme, required: !isOptional })
    }
    const others = ways.filter((way) => way !== best).map((way) => way.join(' + '))
    if (others.length > 0) notes.push(`${best.join(' + ')} is used; the API takes ${others.slice(0, 5).join(' or ')} instead`) // prettier-ignore
  }
  return [...chosen.values()]
}

const isPossible = (
  way: readonly string[],
  schemes: ReadonlyMap<string, Scheme>,
  chosen: ReadonlyMap<string, Chosen>,
): boolean => {
  const fresh = way.filter((name) => !chosen.has(name))
  const all = [...chosen.keys(), ...fresh].map((name) => schemes.get(name))
  const carriers = new Set(all.map((scheme) => scheme?.carrier))
  return !carriers.has(undefined) && new Set(all.map(contentOf)).size === carriers.size
}

/** Two schemes that put the same into the same place are one: an OAuth token is a token, however it was got. */
const contentOf = (scheme: Scheme | undefined): string =>
  JSON.stringify([scheme?.carrier, scheme?.headers, scheme?.query, scheme?.basic])

/** Fewest new schemes; among equals what a user has at hand most easily. */
const EASE = ['api_key', 'bearer', 'oauth2', 'basic']
const cost = (
  way: readonly string[],
  schemes: ReadonlyMap<string, Scheme>,
  chosen: ReadonlyMap<string, Chosen>,
): number =>
  way
    .filter((name) => !chosen.has(name))
    .reduce((sum, name) => sum + 10 + EASE.indexOf(schemes.get(name)?.type ?? 'basic'), 0)

/** Field names are unique; a template follows its field. */
const authOf = (chosen: readonly Chosen[]): Auth => {
  const fields = new Map<string, CredentialField>()
  const different = [...new Map(chosen.map((one) => [contentOf(one.scheme), one])).values()]
  const schemes = different.map(({ name, scheme, required }) => {
    const unique = renamed(scheme, name, fields)
    for (const field of unique.fields)
      fields.set(field.name, { ...field, required: required && !isOfFlow(field.name) })
    return unique
  })
  const oauth = chosen.find(({ scheme }) => scheme.oauth)?.scheme.oauth
  return {
    type: chosen[0]?.scheme.type ?? 'none',
    fields: [...fields.values()],
    inject: injectOf(schemes),
    ...(oauth ? { oauth } : {}),
  }
}

const isOfFlow = (field: string): boolean => /client_(id|secret)$/.test(field)

const injectOf = (schemes: readonly Scheme[]): Inject => {
  const headers: Record<string, string> = {}
  const query: Record<string, string> = {}
  for (const scheme of schemes) {
    const { Cookie: cookie, ...others } = scheme.headers ?? {}
    Object.assign(headers, others)
    Object.assign(query, scheme.query)
    if (cookie) headers['Cookie'] = [headers['Cookie'], cookie].filter(Boolean).join('; ')
  }
  const basic = schemes.find((scheme) => scheme.basic)?.basic
  return {
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
    ...(Object.keys(query).length > 0 ? { query } : {}),
    ...(basic ? { basic } : {}),
  }
}

/** A scheme whose field names are not taken yet. */
const renamed = (scheme: Scheme, name: string, taken: ReadonlyMap<string, unknown>): Scheme => {
  const clash = scheme.fields.filter((field) => taken.has(field.name))
  if (clash.length === 0) return scheme
  const prefix = name.toLowerCase().replace(/[^a-z\d]+/g, '_').replace(/^_+|_+$/g, '') || 'other' // prettier-ignore
  const text = clash.reduce(
    (whole, field) => whole.replaceAll(`{{${field.name}}}`, `{{${prefix}_${field.name}}}`),
    JSON.stringify(scheme),
  )
  const again = JSON.parse(text) as Scheme
  const isClash = (field: { name: string }) => clash.some((other) => other.name === field.name)
  return {
    ...again,
    fields: again.fields.map((field) => isClash(field) ? { ...field, name: `${prefix}_${field.name}` } : field),
  } // prettier-ignore
}

const KEY_NAME =
  /^(x-)?(api|app|auth|access|subscription)[-_]?(key|token)$|^ocp-apim-subscription-key$|^authorization$/i

/** A document without schemes whose operations take the key as a parameter: no agent shall be asked for it. */
const keysAmongParameters = (operations: readonly RawOperation[]): Map<string, unknown> => {
  const counts = new Map<string, { node: Json; count: number }>()
  for (const parameter of operations.flatMap(({ parameters }) => parameters).filter(isKey)) {
    const key = `${textAt(parameter, 'in')} ${textAt(parameter, 'name')}`
    const known = counts.get(key) ?? { node: parameter, count: 0 }
    known.count++
    counts.set(key, known)
  }
  const [most] = [...counts.values()].sort((a, b) => b.count - a.count)
  if (!most || most.count * 2 < operations.length) return new Map()
  const { node } = most
  return new Map([[textAt(node, 'name'), { type: 'apiKey', name: node['name'], in: node['in'], description: textAt(node, 'description') }]]) // prettier-ignore
}

const isKey = (parameter: Json): boolean => {
  const place = textAt(parameter, 'in')
  const name = textAt(parameter, 'name')
  if (place === 'header' && /^authorization$/i.test(name)) return true
  return (place === 'header' || place === 'query') && valueAt(parameter, 'required') === true && KEY_NAME.test(name) // prettier-ignore
}
