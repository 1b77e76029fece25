import sodium from 'libsodium-wrappers'
import { AppError } from '../base/errors.ts'

/** Addresses and numbers; a length is two halves of 32 bits. */
type Native = (...of: (number | null)[]) => number

/** What the wrappers call, and their types do not name. */
type Raw = {
  HEAPU8: Uint8Array
  _malloc: (bytes: number) => number
  _free: (at: number) => void
  _crypto_generichash: Native
  _crypto_aead_xchacha20poly1305_ietf_encrypt: Native
}

/**
 * Two of libsodium's functions on a piece of its memory that is kept. Its wrappers allocate, copy and free for every argument:
 * more than half of what a sealing costs. Nothing secret stays behind.
 */
export type Scratch = {
  /** Keyed BLAKE2b. */
  hash: (of: { bytes: number; text: string; key: Uint8Array }) => Buffer
  /** XChaCha20-Poly1305, in base64url. */
  seal: (of: {
    plaintext: string | Uint8Array
    data: string
    nonce: Uint8Array
    key: Uint8Array
  }) => string
}

const KEY = 0
const NONCE = 32
const OUT = 64
const TAG_BYTES = 16
const FIRST_BYTES = 32 * 1024
/** UTF-8 has at most so many for each of a text's units. */
const MAX_UNIT_BYTES = 3

/** The library must be ready. */
export const createScratch = (): Scratch => {
  const { libsodium: raw } = sodium as unknown as { libsodium: Raw }
  let size = 0
  let at = 0
  let view: Buffer = Buffer.alloc(0)
  /** The memory moves when the library needs more of it, and ours grows with what is asked for. */
  const reserve = (bytes: number): Buffer => {
    if (bytes > size) {
      if (size > 0) raw._free(at)
      size = Math.max(FIRST_BYTES, 2 * bytes)
      at = raw._malloc(size)
      if (at === 0) throw new AppError('internal', `libsodium has no room for ${size} bytes.`)
    } else if (view.buffer === raw.HEAPU8.buffer) return view
    view = Buffer.from(raw.HEAPU8.buffer, at, size)
    return view
  }
  return {
    hash: ({ bytes, text, key }) => {
      const memory = reserve(OUT + bytes + text.length * MAX_UNIT_BYTES)
      const message = OUT + bytes
      memory.set(key, KEY)
      const length = put(memory, text, message)
      done(raw._crypto_generichash(at + OUT, bytes, at + message, length, 0, at + KEY, key.length))
      const hash = Buffer.from(memory.subarray(OUT, message))
      memory.fill(0, 0, message + length)
      return hash
    },
    seal: ({ plaintext, data, nonce, key }) => {
      const most = TAG_BYTES + plaintext.length * MAX_UNIT_BYTES
      const memory = reserve(OUT + 2 * most + data.length * MAX_UNIT_BYTES)
      const message = OUT + most
      memory.set(key, KEY)
      memory.set(nonce, NONCE)
      const length = put(memory, plaintext, message)
      const dataLength = put(memory, data, message + length)
      done(raw._crypto_aead_xchacha20poly1305_ietf_encrypt(
        at + OUT, null, at + message, length, 0, at + message + length, dataLength, 0, null, at + NONCE, at + KEY,
      )) // prettier-ignore
      const sealed = memory.toString('base64url', OUT, OUT + length + TAG_BYTES)
      memory.fill(0, 0, message + length)
      return sealed
    },
  }
}

const done = (code: number): void => {
  if (code !== 0) throw new AppError('internal', `libsodium refused with ${code}.`)
}

/** @returns how many bytes it takes */
const put = (memory: Buffer, value: string | Uint8Array, at: number): number => {
  if (typeof value === 'string') return memory.write(value, at, 'utf8')
  memory.set(value, at)
  return value.length
}
