import sodium from 'libsodium-wrappers'
import { AppError } from '../base/errors.ts'
import type { KeyRing } from './key-ring.ts'

/**
 * Where a sealed value belongs. It goes into the additional data, so a value that was copied to another row, column or
 * user does not open.
 */
export type Place = { handle: string; userId: string; service: string; column: string }

export type Vault = {
  /** `v1.<kid>.<nonce>.<ciphertext>`, both base64url, by the newest key. */
  seal: (place: Place, plaintext: string) => string
  /** @throws AppError `key_missing` or `credentials_unreadable`, naming the row */
  open: (place: Place, sealed: string) => string
  /** A check value per key, to be kept with the database. */
  makeCheck: () => { kid: string; checkValue: string }
  /** @throws AppError `key_missing` naming the key that this database needs */
  verifyCheck: (check: { kid: string; checkValue: string }) => void
}

const VERSION = 'v1'
const CHECK_TEXT = 'berth'
const CHECK_PLACE: Place = { handle: '', userId: '', service: '', column: 'check_value' }

/** XChaCha20-Poly1305 under a key derived (BLAKE2b) per user and service from the master key. */
export const createVault = async (ring: KeyRing): Promise<Vault> => {
  await sodium.ready
  const seal = (place: Place, plaintext: string): string => sealWith(ring, place, plaintext)
  const open = (place: Place, sealed: string): string => openWith(ring, place, sealed)
  return {
    seal,
    open,
    makeCheck: () => ({ kid: ring.newest, checkValue: seal(CHECK_PLACE, CHECK_TEXT) }),
    verifyCheck: ({ kid, checkValue }) => {
      if (!ring.keys.has(kid)) throw missing(kid)
      try {
        open(CHECK_PLACE, checkValue)
      } catch (cause) {
        throw new AppError(
          'key_missing',
          `The key ring has a key ${kid}, but not the one that sealed this database. Restore the right master.key.`,
          { cause },
        )
      }
    },
  }
}

const sealWith = (ring: KeyRing, place: Place, plaintext: string): string => {
  const nonce = sodium.randombytes_buf(sodium.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
  const key = dataKey(ring, ring.newest, place)
  const sealed = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
    plaintext, additionalData(place), null, nonce, key,
  ) // prettier-ignore
  sodium.memzero(key)
  return [VERSION, ring.newest, toBase64(nonce), toBase64(sealed)].join('.')
}

const openWith = (ring: KeyRing, place: Place, sealed: string): string => {
  const [version, kid = '', nonce = '', ciphertext = '', ...more] = sealed.split('.')
  // Node's base64 decoder skips what it does not know: a changed text must not pass for the same bytes.
  const isWhole = [nonce, ciphertext].every((text) => toBase64(fromBase64(text)) === text)
  if (version !== VERSION || more.length > 0 || !isWhole) throw unreadable(place)
  const key = dataKey(ring, kid, place)
  try {
    const opened = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
      null, fromBase64(ciphertext), additionalData(place), fromBase64(nonce), key,
    ) // prettier-ignore
    const plaintext = Buffer.from(opened).toString('utf8')
    sodium.memzero(opened)
    return plaintext
  } catch {
    throw unreadable(place)
  } finally {
    sodium.memzero(key)
  }
}

const dataKey = (ring: KeyRing, kid: string, { userId, service }: Place): Uint8Array => {
  const master = ring.keys.get(kid)
  if (!master) throw missing(kid)
  return sodium.crypto_generichash(
    32,
    JSON.stringify(['berth-data-key-1', userId, service]),
    master,
  )
}

const additionalData = (place: Place): string =>
  JSON.stringify([VERSION, place.handle, place.userId, place.service, place.column])

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

const fromBase64 = (text: string): Uint8Array => Buffer.from(text, 'base64url')

const missing = (kid: string): AppError =>
  new AppError(
    'key_missing',
    `The key ring lacks the key ${kid || '(none named)'} that this database needs. Restore it in master.key.`,
  )

const unreadable = (place: Place): AppError =>
  new AppError(
    'credentials_unreadable',
    `The ${place.column} of ${place.handle || 'the vault'} does not open: it was moved, cut or changed. ` +
      'Its owner must enter the key again.',
  )
