import { hash, randomBytes } from 'node:crypto'
import { takeRandom } from '../base/random-pool.ts'

/**
 * An instance URL is `/{handle}_{secret}/{serviceType}/*`. The handle is a name and the database's key; the secret
 * alone opens the instance.
 */
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** 22 base62 characters hold 130.9 random bits. */
const SECRET_LENGTH = 22

export const HANDLE = /^[a-z0-9-]{1,3}_user_[0-9a-f]{8}_[0-9a-f]{6}$/

const INSTANCE_PATH =
  /^\/([a-z0-9-]{1,3}_user_[0-9a-f]{8}_[0-9a-f]{6})(?:_([0-9A-Za-z]{1,64}))?\/([^/?]+)([^?]*)(\?.*)?$/

/** The largest multiple of 62 in a byte: what is above would make the first digits likelier. */
const FAIR = 248

/** A random base62 text. */
export const randomBase62 = (length: number): string => {
  let text = ''
  while (text.length < length)
    for (const byte of takeRandom(length - text.length))
      if (byte < FAIR) text += BASE62.charAt(byte % 62)
  return text
}

/** `<first 3 letters of the service>_user_<first 8 hex digits of the user id>_<6 hex>`; the last part is random. */
export const makeHandle = (serviceName: string, userId: string): string =>
  `${serviceName.slice(0, 3)}_user_${userId.replaceAll('-', '').slice(0, 8).toLowerCase()}_${randomBytes(3).toString('hex')}`

export const makeInstanceSecret = (): string => randomBase62(SECRET_LENGTH)

/** How secrets and tokens are stored for checking: SHA-256, since they carry enough random bits. */
export const hashSecret = (secret: string): Buffer => hash('sha256', secret, 'buffer')

/** The same in hex, for a seventh of what bytes and then hex cost. */
export const hashSecretHex = (secret: string): string => hash('sha256', secret, 'hex')

export const instanceUrl = (
  baseUrl: string,
  instance: { handle: string; secret: string; service: string },
): string => `${baseUrl}/${instance.handle}_${instance.secret}/${instance.service}/mcp`

/** A request path that has the form of an instance URL. */
export type InstanceRoute = {
  handle: string
  secret: string | undefined
  service: string
  /** What goes to the host: path and query behind the service's name, untouched. */
  rest: string
}

/** @returns undefined when the path does not have the form at all */
export const parseInstancePath = (url: string): InstanceRoute | undefined => {
  const match = INSTANCE_PATH.exec(url)
  if (!match) return undefined
  const [, handle = '', secret, service = '', path = '', query = ''] = match
  return { handle, secret, service, rest: `${path || '/'}${query}` }
}
