import type { CredentialField } from '../../model/service.ts'
import { shorten } from './descriptions.ts'
import { isObject, listAt, objectAt, textAt, textsAt, type Json } from './json.ts'
import { placeholderKey } from './names.ts'
import { isUsableHost } from './usable-host.ts'

/** A base URL of the config, with the fields that its placeholders name. */
export type BaseUrl = { baseURL: string; fields: CredentialField[]; notes: string[] }

/** The field that stands for a whole https origin, where the document does not say one that others can reach. */
const ORIGIN_FIELD = 'base_url'

/** @param servers of the document, a path or an operation; `location` is where the document came from, if from the web */
export const chooseBaseUrl = (servers: readonly unknown[], location: URL | undefined): BaseUrl => {
  const options = servers.filter(isObject).map((server) => readServer(server, location))
  const usable = options.filter((option) => !option.baseURL.startsWith(`{${ORIGIN_FIELD}}`))
  const chosen = usable[0] ?? options[0] ?? readServer({ url: '/' }, location)
  const others = new Set(options.map(({ baseURL }) => baseURL).filter((url) => url !== chosen.baseURL)) // prettier-ignore
  if (others.size === 0) return chosen
  const named = [...others].slice(0, 3).join(', ')
  return { ...chosen, notes: [...chosen.notes, `other servers: ${named}`] }
}

/** Swagger 2.0 says its servers in three parts. */
export const servers2 = (root: Json): Json[] => {
  const host = textAt(root, 'host').trim().replace(/^https?:\/\//i, '') // prettier-ignore
  const path = textAt(root, 'basePath').trim()
  if (host === '') return [{ url: path || '/' }]
  const schemes = textsAt(root, 'schemes')
  const scheme =
    schemes.length === 0 || schemes.includes('https') ? 'https' : (schemes[0] ?? 'https')
  return [{ url: `${scheme}://${host}${path === '' || path.startsWith('/') ? path : `/${path}`}` }]
}

const readServer = (server: Json, location: URL | undefined): BaseUrl => {
  const notes: string[] = []
  const fields = new Map<string, CredentialField>()
  const template = textAt(server, 'url').trim()
  const url = template.replace(/\{([^{}]*)\}/g, (all, name: string, at: number) => {
    const after = template.slice(at + all.length)
    if (at === 0 && after.startsWith('://')) return 'https'
    const hostEnd = template.indexOf('/', template.indexOf('://') + 3)
    const variable = objectAt(objectAt(server, 'variables'), name)
    const isInHost = template.includes('://') && (hostEnd === -1 || at < hostEnd)
    const value = valueOf({ name, variable, isInHost }, notes)
    if (value !== undefined) return value
    const key = placeholderKey(name)
    fields.set(key, fieldOf(key, variable))
    return `{${key}}`
  })
  return absolute({ url, fields, notes }, location)
}

type Variable = { name: string; variable: Json; isInHost: boolean }

/** Names of variables that everybody has another value for. */
const OWN =
  /domain|tenant|account|company|organi[sz]ation|\borg\b|shop|store|instance|customer|workspace|site|team|client|host|realm|project|server/i
const STAND_IN = /^$|your|example|^(my|demo|test|acme|foo|localhost|sub-?domain)\b|[<>{}[\]\s]/i

/** What stands for a variable; undefined when only the user can say it. */
const valueOf = ({ name, variable, isInHost }: Variable, notes: string[]): string | undefined => {
  const values = listAt(variable, 'enum').filter((v) => typeof v === 'string' || typeof v === 'number').map(String) // prettier-ignore
  const byDefault = textAt(variable, 'default').trim()
  if (values.length > 0) {
    const chosen = values.includes(byDefault) ? byDefault : (values[0] ?? '')
    if (values.length > 1)
      notes.push(`{${name}} is ${chosen}; it may be ${values.slice(0, 8).join(', ')} too`)
    return chosen
  }
  const isOwn = STAND_IN.test(byDefault) || byDefault === name || (isInHost && OWN.test(name))
  if (isOwn) return undefined
  notes.push(`{${name}} is ${byDefault}, as the document has it by default`)
  return byDefault
}

const fieldOf = (name: string, variable: Json): CredentialField => ({
  name,
  type: 'text',
  required: true,
  description:
    shorten(textAt(variable, 'description'), 200) ||
    `Part of the API's address${textAt(variable, 'default') ? `, such as ${textAt(variable, 'default')}` : ''}`,
})

type Draft = { url: string; fields: Map<string, CredentialField>; notes: string[] }

/** Makes an address with https out of what a document wrote, or leaves the origin to the user. */
const absolute = (draft: Draft, location: URL | undefined): BaseUrl => {
  const { url, fields, notes } = draft
  const { scheme, host, path } = partsOf(url, location)
  if (!/^https?$/i.test(scheme) || !isUsableHost(host)) return originFromUser(draft, path)
  if (scheme.toLowerCase() === 'http') notes.push(`${host} is said to be http; https takes its place`) // prettier-ignore
  const lower = host.toLowerCase().replace(/\{[^}]*\}/g, spelling(host))
  return { baseURL: `https://${lower}${path}`, fields: [...fields.values()], notes }
}

/** What is relative is so to where the document came from. */
const partsOf = (url: string, location: URL | undefined) => {
  const [, scheme = 'https', stated = '', rest = ''] =
    /^(?:([a-z][a-z\d+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)/i.exec(url) ?? []
  const host = stated.replace(/^.*@/, '').replace(/:(80|443)$/, '')
  if (host !== '') return { scheme, host, path: join('/', rest) }
  if (!location) return { scheme: 'https', host: '', path: join('/', rest) }
  const folder = location.pathname.replace(/[^/]*$/, '')
  return { scheme: location.protocol.slice(0, -1), host: location.host, path: join(folder, rest) }
}

const originFromUser = ({ url, fields, notes }: Draft, path: string): BaseUrl => {
  notes.push(`the document names no address that everybody can reach (${url || 'none'}); users enter it`) // prettier-ignore
  const used = [...fields.values()].filter(({ name }) => path.includes(`{${name}}`))
  const origin: CredentialField = {
    name: ORIGIN_FIELD,
    type: 'url',
    required: true,
    description: 'Address of the API, such as https://api.acme.com, without a path',
  }
  return { baseURL: `{${ORIGIN_FIELD}}${path}`, fields: [origin, ...used], notes }
}

/** Placeholders keep their case. */
const spelling = (origin: string) => {
  const original = [...origin.matchAll(/\{[^}]*\}/g)].map(([text]) => text)
  return () => original.shift() ?? ''
}

/** RFC 3986 for what servers write: a path from the root, or one below the document's folder. No slash at the end. */
const join = (folder: string, path: string): string => {
  const whole = path.startsWith('/') ? path : `${folder}${path}`
  const parts: string[] = []
  for (const part of whole.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.' && part !== '') parts.push(part.replace(/[^\w!$&'()*+,\-.:;=@~%{}]/g, encodeURIComponent)) // prettier-ignore
  }
  return parts.length === 0 ? '' : `/${parts.join('/')}`
}
