import { isUtf8 } from 'node:buffer'
import type { UpstreamAnswer } from './exchange.ts'

/** The media type of an answer in lower case, without parameters. */
export const mediaTypeOf = ({ headers }: UpstreamAnswer): string | undefined => {
  const type = headers['content-type']
  return typeof type === 'string' ? type.split(';')[0]?.trim().toLowerCase() : undefined
}

const TEXTUAL =
  /^text\/|[/+](?:json|xml|yaml)$|^application\/(?:x-)?(?:javascript|ecmascript|ndjson|jsonlines|json-seq|graphql|sql|yaml|www-form-urlencoded|toml|pgp-signature|pem-certificate-chain)$/

/** Whether an agent can read it as text. Where the type says nothing, the bytes do. */
export const isTextual = (answer: UpstreamAnswer): boolean => {
  const type = mediaTypeOf(answer) ?? ''
  if (TEXTUAL.test(type)) return true
  if (/^(?:image|audio|video|font)\//.test(type)) return false
  const { body } = answer
  // Cut in the middle of a character, a text is still one.
  const whole = answer.truncated ? body.subarray(0, lastStart(body)) : body
  return !body.includes(0) && isUtf8(whole)
}

const lastStart = (body: Buffer): number => {
  let at = body.length - 1
  while (at > 0 && ((body[at] ?? 0) & 0xc0) === 0x80) at--
  return at
}

/** The text in the character set that the answer states; UTF-8 if none, or one that nobody knows. */
export const textOf = ({ headers, body }: UpstreamAnswer): string => {
  const charset = /charset="?([\w-]+)/i.exec(String(headers['content-type'] ?? ''))?.[1] ?? 'utf-8'
  if (/^(?:utf-?8|us-ascii)$/i.test(charset)) return body.toString('utf8')
  try {
    return new TextDecoder(charset).decode(body)
  } catch {
    return body.toString('utf8')
  }
}
