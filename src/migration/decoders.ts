import { createHash, scryptSync } from 'node:crypto'
import { decryptAll, type Message } from './cbc.ts'

export const FORMATS = ['none', 'openssl-md5', 'iv-hex'] as const
export type Format = (typeof FORMATS)[number]

/** One way to turn what is stored into text. */
export type Decoder = {
  format: Format
  /** How the key comes from the passphrase. */
  key: string
  /** @returns undefined in the place of what is no such ciphertext, or of another key */
  decodeAll: (stored: readonly string[]) => (string | undefined)[]
}

const KEY_BYTES = 32
const BLOCK_BYTES = 16
const HEX_BLOCKS = /^(?:[0-9a-f]{32})+$/i
const IV_AND_BLOCKS = /^([0-9a-f]{32}):((?:[0-9a-f]{32})+)$/i

/**
 * What the format can mean. Of the first there is one reading; of `iv-hex` there are as many as programs have ways of
 * making a key from a passphrase.
 */
export const decodersOf = (format: Format, passphrase: string): Decoder[] => {
  if (format === 'none') return [{ format, key: 'none', decodeAll: (stored) => [...stored] }]
  if (format === 'openssl-md5') return [opensslDecoder(passphrase)]
  return [...keysFrom(passphrase)].map(([key, bytes]) => ({
    format,
    key,
    decodeAll: (stored) => decryptAll(bytes, stored.map(withIv)),
  }))
}

type Stored = { id: string; credentials: string | null }

/** The plaintexts of a batch, all decoded when the first is asked for: in a later run most batches need none. */
export const decodeWhenAsked = (
  { decodeAll }: Pick<Decoder, 'decodeAll'>,
  rows: readonly Stored[],
): ((row: Stored) => string | undefined) => {
  let texts: Map<string, string | undefined> | undefined
  const decode = () => {
    const decoded = decodeAll(rows.map(({ credentials }) => credentials ?? ''))
    return new Map(rows.map(({ id }, index) => [id, decoded[index]]))
  }
  return ({ id }) => (texts ??= decode()).get(id)
}

const withIv = (stored: string): Message | undefined => {
  const [, iv, blocks] = IV_AND_BLOCKS.exec(stored.trim()) ?? []
  return iv === undefined || blocks === undefined ? undefined : { iv, blocks }
}

/** `createCipher('aes-256-cbc', passphrase)` of older Nodes. */
const opensslDecoder = (passphrase: string): Decoder => {
  const bytes = bytesToKey(passphrase, KEY_BYTES + BLOCK_BYTES)
  const key = bytes.subarray(0, KEY_BYTES)
  const iv = bytes.subarray(KEY_BYTES).toString('hex')
  const withoutIv = (stored: string) => {
    const blocks = stored.trim()
    return HEX_BLOCKS.test(blocks) ? { iv, blocks } : undefined
  }
  return {
    format: 'openssl-md5',
    key: 'EVP_BytesToKey(MD5)',
    decodeAll: (stored) => decryptAll(key, stored.map(withoutIv)),
  }
}

/** OpenSSL's EVP_BytesToKey with MD5, no salt, one round. */
const bytesToKey = (passphrase: string, length: number): Buffer => {
  let block = Buffer.alloc(0)
  let bytes = Buffer.alloc(0)
  while (bytes.length < length) {
    block = createHash('md5').update(block).update(passphrase, 'utf8').digest()
    bytes = Buffer.concat([bytes, block])
  }
  return bytes.subarray(0, length)
}

const keysFrom = (passphrase: string): Map<string, Buffer> => {
  const raw = Buffer.from(passphrase, 'utf8')
  const sha256 = createHash('sha256').update(raw).digest()
  const keys = new Map([
    ['sha256(passphrase)', sha256],
    ["scrypt(passphrase, 'salt')", scryptSync(raw, 'salt', KEY_BYTES)],
    ['sha256(passphrase) in hex, cut', Buffer.from(sha256.toString('hex').slice(0, KEY_BYTES))],
    ['sha256(passphrase) in base64, cut', Buffer.from(sha256.toString('base64').slice(0, KEY_BYTES))], // prettier-ignore
    ['md5(passphrase) in hex', Buffer.from(createHash('md5').update(raw).digest('hex'))],
    ['EVP_BytesToKey(MD5)', bytesToKey(passphrase, KEY_BYTES)],
  ])
  if (raw.length === KEY_BYTES) keys.set('the passphrase itself', raw)
  else keys.set('the passphrase, cut or filled with zeros', Buffer.concat([raw, Buffer.alloc(KEY_BYTES, '0')]).subarray(0, KEY_BYTES)) // prettier-ignore
  if (/^[0-9a-f]{64}$/i.test(passphrase)) keys.set('hex', Buffer.from(passphrase, 'hex'))
  const base64 = Buffer.from(passphrase, 'base64')
  if (base64.length === KEY_BYTES) keys.set('base64', base64)
  return keys
}

/** Whether it looks as if one of the other formats made it. */
export const looksEncrypted = (stored: string): Format | undefined => {
  if (IV_AND_BLOCKS.test(stored)) return 'iv-hex'
  return HEX_BLOCKS.test(stored) ? 'openssl-md5' : undefined
}
