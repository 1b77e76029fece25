import { createHmac, randomBytes } from 'node:crypto'
import type { OAuth1 } from '../../model/service.ts'
import type { OutgoingRequest } from './outgoing-request.ts'

/** RFC 5849 §3.6. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  )

/** By bytes; both are ASCII. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/**
 * The Authorization header of an OAuth 1.0a request, HMAC-SHA1 (RFC 5849 §3.4). A form body takes part in the signature,
 * any other body does not (§3.4.1.3.1).
 */
export const signOAuth1 = (
  request: OutgoingRequest,
  keys: OAuth1,
  fixed: { nonce?: string; timestamp?: number } = {},
): string => {
  const oauth: Record<string, string> = {
    oauth_consumer_key: keys.consumerKey,
    oauth_nonce: fixed.nonce ?? randomBytes(16).toString('hex'),
    oauth_signature_method: 'HMAC-SHA1',
    oauth_timestamp: String(fixed.timestamp ?? Math.floor(Date.now() / 1000)),
    oauth_token: keys.token,
    oauth_version: '1.0',
  }
  const isForm = request.headers['content-type'] === 'application/x-www-form-urlencoded'
  const parameters = [
    ...Object.entries(oauth),
    ...new URLSearchParams(request.url.search),
    ...(isForm ? new URLSearchParams(request.body?.toString() ?? '') : []),
  ]
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y)) // by name first: "a=" would come after "a1="
    .map((pair) => pair.join('='))
    .join('&')
  const baseUrl = `${request.url.origin}${request.url.pathname}`
  const text = [request.method, encode(baseUrl), encode(parameters)].join('&')
  const key = `${encode(keys.consumerSecret)}&${encode(keys.tokenSecret)}`
  const signature = createHmac('sha1', key).update(text).digest('base64')
  const fields = Object.entries({ ...oauth, oauth_signature: signature })
  return `OAuth ${fields.map(([name, value]) => `${name}="${encode(value)}"`).join(', ')}`
}
