import sodium from 'libsodium-wrappers'
import { AppError } from '../base/errors.ts'
import { takeRandom } from '../base/random-pool.ts'
import type { Keys } from './keys.ts'
import { createScratch, type Scratch } from './scratch.ts'
import { createSigner, type Signer } from './signer.ts'

/**
 * Where a sealed value belongs. It goes into the additional data, so a value that was copied to another row, column or
 * user does not open.
 */
export type Place = { handle: string; userId: string; service: string; column: string }

export type Vault = Signer & {
  /** `v1.<kid>.<nonce>.<ciphertext>`, both base64url, by the sealing key. */
  seal: (place: Place, plaintext: string) => string
  /** Several columns of one record, under one derived key: half of what each for itself would cost. */
  sealColumns: <Column extends string>(
    of: Omit<Place, 'column'>,
    plaintexts: Readonly<Record<Column, string>>,
  ) => Record<Column, string>
  /** @throws AppError `key_missing` or `credentials_unreadable`, naming the row */
  open: (place: Place, sealed: string) => string
  /** Opened and sealed again by the key that seals now; what it sealed itself stays as it is. */
  reseal: (place: Place, sealed: string) => string
  /** The check value of a key, to be kept with the database. */
  makeCheck: (kid: string) => { kid: string; checkValue: string }
  /** @throws AppError `key_missing` naming the key that this database needs */
  verifyCheck: (check: { kid: string; checkValue: string }) => void
}

const VERSION = 'v1'
const DATA_KEY_BYTES = 32
const CHECK_TEXT = 'berth'
const CHECK_PLACE: Place = { handle: '', userId: '', service: '', column: 'check_value' }

type Sealer = { keys: Keys; scratch: Scratch }

/** XChaCha20-Poly1305 under a key derived (BLAKE2b) per user and service from the master key. */
export const createVault = async (keys: Keys): Promise<Vault> => {
  await sodium.ready
  const scratch = createScratch()
  const sealer: Sealer = { keys, scratch }
  const seal = (place: Place, plaintext: string): string => sealWith(sealer, place, plaintext)
  const open = (place: Place, sealed: string): string => openWith(sealer, place, sealed)
  return {
    ...createSigner(keys, scratch),
    seal,
    sealColumns: (of, plaintexts) => sealEach(sealer, of, plaintexts),
    open,
    reseal: (place, sealed) => resealWith(sealer, place, sealed),
    makeCheck: (kid) => ({ kid, checkValue: sealWith({ scratch, keys: { ...keys, sealing: () => kid } }, CHECK_PLACE, CHECK_TEXT) }), // prettier-ignore
    verifyCheck: ({ kid, checkValue }) => {
      if (!keys.find(kid)) throw missing(kid)
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

const sealWith = (sealer: Sealer, place: Place, plaintext: string | Uint8Array): string => {
  const kid = sealer.keys.sealing()
  const key = dataKey(sealer, kid, place)
  const sealed = sealUnder(sealer.scratch, { kid, key, place, plaintext })
  key.fill(0)
  return sealed
}

const sealEach = <Column extends string>(
  sealer: Sealer,
  of: Omit<Place, 'column'>,
  plaintexts: Readonly<Record<Column, string>>,
): Record<Column, string> => {
  const kid = sealer.keys.sealing()
  const key = dataKey(sealer, kid, of)
  const sealed: Record<string, string> = {}
  for (const column in plaintexts) {
    const place = { handle: of.handle, userId: of.userId, service: of.service, column }
    sealed[column] = sealUnder(sealer.scratch, { kid, key, place, plaintext: plaintexts[column] })
  }
  key.fill(0)
  return sealed
}

type Sealing = { kid: string; key: Uint8Array; place: Place; plaintext: string | Uint8Array }

const sealUnder = (scratch: Scratch, { kid, key, place, plaintext }: Sealing): string => {
  const nonce = takeRandom(sodium.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
  const sealed = scratch.seal({ plaintext, data: additionalData(place), nonce, key })
  return `${VERSION}.${kid}.${nonce.toString('base64url')}.${sealed}`
}

const openWith = (sealer: Sealer, place: Place, sealed: string): string => {
  const opened = openBytes(sealer, place, sealed)
  const plaintext = Buffer.from(opened).toString('utf8')
  sodium.memzero(opened)
  return plaintext
}

const resealWith = (sealer: Sealer, place: Place, sealed: string): string => {
  if (sealed.split('.')[1] === sealer.keys.sealing()) return sealed
  const opened = openBytes(sealer, place, sealed)
  const again = sealWith(sealer, place, opened)
  sodium.memzero(opened)
  return again
}

const openBytes = (sealer: Sealer, place: Place, sealed: string): Uint8Array => {
  const [version, kid = '', nonce = '', ciphertext = '', ...more] = sealed.split('.')
  // Node's base64 decoder skips what it does not know: a changed text must not pass for the same bytes.
  const isWhole = [nonce, ciphertext].every((text) => toBase64(fromBase64(text)) === text)
  if (version !== VERSION || more.length > 0 || !isWhole) throw unreadable(place)
  const key = dataKey(sealer, kid, place)
  try {
    return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
      null, fromBase64(ciphertext), Buffer.from(additionalData(place)), fromBase64(nonce), key,
    ) // prettier-ignore
  } catch {
    throw unreadable(place)
  } finally {
    key.fill(0)
  }
}

const dataKey = (
  { keys, scratch }: Sealer,
  kid: string,
  { userId, service }: Pick<Place, 'userId' | 'service'>,
): Uint8Array => {
  const master = keys.find(kid)
  if (!master) throw missing(kid)
  const text = JSON.stringify(['berth-data-key-1', userId, service])
  return scratch.hash({ bytes: DATA_KEY_BYTES, text, key: master })
}

const additionalData = ({ handle, userId, service, column }: Place): string =>
  JSON.stringify([VERSION, handle, userId, service, column])

const toBase64 = ({ buffer, byteOffset, length }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, length).toString('base64url')

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
