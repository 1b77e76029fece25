import type { Credentials } from '../../model/host-credentials.ts'
import { maskOf } from './mask-credentials.ts'
import type { OutgoingRequest } from './outgoing-request.ts'
import type { UpstreamAnswer } from './exchange.ts'

/** The bundled service that needs no outside API. */
export const ECHO = 'echo'

/** Answers with the request that an API would have received; credentials are masked by their field's name. */
export const echoAnswer = (request: OutgoingRequest, credentials: Credentials): UpstreamAnswer => {
  const mask = maskOf(credentials)
  const seen = {
    method: request.method,
    path: mask(request.url.pathname),
    query: Object.fromEntries(
      [...request.url.searchParams].map(([name, value]) => [name, mask(value)]),
    ),
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, mask(value)]),
    ),
    body: request.body ? parse(mask(request.body.toString('utf8'))) : null,
  }
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(seen)),
    truncated: false,
  }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
