import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/**
 * How credentials cross loopback from the gateway to a host: sealed with AES-256-GCM under the install's host key, bound
 * to service, port and expiry. Any local user could bind a static port while its host restarts, and learns nothing.
 *
 * Wire form: `<expiry ms>.<base64url of nonce ‖ tag ‖ ciphertext>`.
 */
export const CREDENTIALS_HEADER = 'x-berth-credentials'
export const SEAL_LIFETIME_MS = 30_000
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** The header's bound: 8 KiB. */
export const MAX_HEADER_BYTES = 8 * 1024

/**
 * Stands alone in the place of credentials that are known not to work, with what to tell whoever calls a tool. No field
 * of a service is called like this.
 */
export const RENEWAL = '!renewal'

export type Credentials = Readonly<Record<string, string>>
type Destination = { service: string; port: number }

const additionalData = (to: Destination, expiresAt: number) =>
  Buffer.from(JSON.stringify(['berth-host-credentials-1', to.service, to.port, expiresAt]))

/** @param key 32 bytes */
export const sealForHost = (key: Buffer, to: Destination, credentials: Credentials): string => {
  const expiresAt = Date.now() + SEAL_LIFETIME_MS
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(additionalData(to, expiresAt))
  const sealed = Buffer.concat([cipher.update(JSON.stringify(credentials), 'utf8'), cipher.final()])
  return `${expiresAt}.${Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')}`
}

/** @returns undefined when the value is expired, changed, or meant for another service or port */
export const openFromGateway = (
  key: Buffer,
  at: Destination,
  value: string,
): Credentials | undefined => {
  const [expiry = '', body = ''] = value.split('.')
  const expiresAt = Number(expiry)
  if (!Number.isSafeInteger(expiresAt) || expiresAt < Date.now()) return undefined
  const bytes = Buffer.from(body, 'base64url')
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined
  // Base64 and numbers have spare spellings; only the one that was sealed counts as unchanged.
  if (`${expiresAt}.${bytes.toString('base64url')}` !== value) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES))
  decipher.setAAD(additionalData(at, expiresAt))
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
  try {
    const opened = Buffer.concat([
      decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)),
      decipher.final(),
    ])
    return JSON.parse(opened.toString('utf8')) as Credentials
  } catch {
    return undefined
  }
}
