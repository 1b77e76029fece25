import type { Recorded } from '../recorder.ts'

type Part = { name: string; filename: string | undefined; text: string }

export type Content =
  | { kind: 'none' }
  | { kind: 'json'; value: unknown }
  | { kind: 'form'; fields: [string, string][] }
  | { kind: 'parts'; parts: Part[] }
  | { kind: 'bytes'; text: string }

/** A request taken apart; two are equal when an API could not tell them apart. */
export type ReadRequest = {
  method: string
  /** Percent-encoded, as it stands in the request. */
  path: string
  /** Decoded, in order of name and value. */
  query: [string, string][]
  /** Without those of the connection, and without `accept` and `user-agent` where they are the host's own. */
  headers: Record<string, string>
  content: Content
}

const OF_THE_CONNECTION = ['host', 'connection', 'content-length', 'transfer-encoding']
const OWN: Readonly<Record<string, string>> = {
  accept: 'application/json, */*;q=0.8',
  'user-agent': 'berth',
}

/** @throws Error when the URL holds what RFC 3986 does not allow, or the body is not what its type says */
export const readRequest = ({ method, url, headers, body }: Recorded): ReadRequest => {
  if (!/^(?:[A-Za-z0-9._~!$&'()*+,;=:@/?[\]-]|%[0-9A-F]{2})+$/.test(url))
    throw new Error(`not a URL by RFC 3986: ${url}`)
  const [path = '', query = ''] = url.split(/\?(.*)/s)
  const type = headers['content-type']
  return {
    method,
    path,
    query: pairsOf(query, false).sort((a, b) => (a.join('=') < b.join('=') ? -1 : 1)),
    headers: Object.fromEntries(
      Object.entries(headers)
        .filter(([name, value]) => !OF_THE_CONNECTION.includes(name) && OWN[name] !== value)
        .map(([name, value]) => [name, String(value).replace(/; boundary=.*$/, '')]),
    ),
    content: readContent(type, body),
  }
}

export const formOf = (fields: [string, string][]): Content => ({ kind: 'form', fields })

/** By hand, since a URL's own parser forgives: `+` is a space in a form (WHATWG URL §5.1) and a plus in a query. */
const pairsOf = (query: string, isForm: boolean): [string, string][] =>
  query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', value = ''] = pair
        .split(/=(.*)/s)
        .map((part) => decodeURIComponent(isForm ? part.replaceAll('+', ' ') : part))
      return [name, value]
    })

const readContent = (type: string | undefined, body: string): Content => {
  if (type?.includes('multipart/')) return { kind: 'parts', parts: readParts(type, body) }
  if (type?.includes('form-urlencoded')) return formOf(pairsOf(body, true))
  if (body === '') return { kind: 'none' }
  if (type?.includes('json')) return { kind: 'json', value: JSON.parse(body) as unknown }
  return { kind: 'bytes', text: body }
}

/** RFC 7578 and RFC 2046 §5.1. */
const readParts = (type: string, body: string): Part[] => {
  const boundary = /boundary="?([^";]+)/.exec(type)?.[1] ?? ''
  const [before, ...rest] = body.split(`--${boundary}`)
  const end = rest.pop()
  if (before !== '' || end !== '--\r\n') throw new Error('the multipart body is not closed')
  return rest.map((part) => {
    const [, head = '', text = ''] = /^\r\n(.*?)\r\n\r\n(.*)\r\n$/s.exec(part) ?? []
    return {
      name: /; name="([^"]*)"/.exec(head)?.[1] ?? '',
      filename: /; filename="([^"]*)"/.exec(head)?.[1],
      text,
    }
  })
}
