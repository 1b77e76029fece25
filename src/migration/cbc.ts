import { isUtf8 } from 'node:buffer'
import { createDecipheriv } from 'node:crypto'

/** One ciphertext, both in hex. */
export type Message = { iv: string; blocks: string }

const CIPHER = 'aes-256-cbc'
const BLOCK_BYTES = 16
// Of 256 wrong keys one finds a padding that looks right; text with these characters was never entered by anybody.
const NO_TEXT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/

/**
 * Decrypts many messages as one stream: CBC needs nothing of what came before a block but the ciphertext, so each message
 * follows its own IV. What the IVs themselves decrypt to is nothing. A cipher for each message would cost more than all
 * else that a migration does with it.
 *
 * @returns undefined in the place of what is no text under this key
 */
export const decryptAll = (
  key: Buffer,
  messages: readonly (Message | undefined)[],
): (string | undefined)[] => {
  const decipher = createDecipheriv(CIPHER, key, Buffer.alloc(BLOCK_BYTES)).setAutoPadding(false)
  const stream = messages.map((message) => (message ? message.iv + message.blocks : '')).join('')
  const bytes = decipher.update(stream, 'hex')
  let end = 0
  const texts = messages.map((message) => {
    if (!message) return undefined
    const begin = end + BLOCK_BYTES
    end = begin + message.blocks.length / 2
    return textOf(bytes.subarray(begin, end))
  })
  bytes.fill(0)
  return texts
}

const textOf = (padded: Buffer): string | undefined => {
  const bytes = unpad(padded)
  if (!bytes || !isUtf8(bytes)) return undefined
  const text = bytes.toString('utf8')
  return NO_TEXT.test(text) ? undefined : text
}

/** PKCS #7 */
const unpad = (bytes: Buffer): Buffer | undefined => {
  const amount = bytes.at(-1) ?? 0
  if (amount < 1 || amount > BLOCK_BYTES) return undefined
  const length = bytes.length - amount
  for (let at = length; at < bytes.length; at++) if (bytes[at] !== amount) return undefined
  return bytes.subarray(0, length)
}
