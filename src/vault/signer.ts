import { createHmac, timingSafeEqual } from 'node:crypto'
import sodium from 'libsodium-wrappers'
import { AppError } from '../base/errors.ts'
import type { Keys } from './keys.ts'
import type { Scratch } from './scratch.ts'

type Signature = { kid: string; mac: Buffer }

/** Signs what a writer of the database must not be able to make. */
export type Signer = {
  /** HMAC-SHA256 under the sealing key. */
  sign: (message: Buffer) => Signature
  /** A short keyed hash in hex, for seeing whether something has changed; another key gives another one. */
  fingerprint: (text: string) => string
  /** `unknown`: the ring has no such key any more. */
  check: (message: Buffer, signature: Signature) => 'right' | 'wrong' | 'unknown'
}

const FINGERPRINT_BYTES = 16

/** A key for signing alone is derived from each master key. The library must be ready. */
export const createSigner = (keys: Keys, scratch: Scratch): Signer => {
  const derived = new Map<string, Uint8Array>()
  const keyOf = (kid: string): Uint8Array | undefined => {
    const master = keys.find(kid)
    if (!master) return undefined
    const key = derived.get(kid) ?? sodium.crypto_generichash(32, 'berth-signing-key-1', master)
    derived.set(kid, key)
    return key
  }
  const macOf = (kid: string, message: Buffer): Buffer | undefined => {
    const key = keyOf(kid)
    return key && createHmac('sha256', key).update(message).digest()
  }
  return {
    sign: (message) => {
      const kid = keys.sealing()
      const mac = macOf(kid, message)
      if (!mac) throw missing(kid)
      return { kid, mac }
    },
    fingerprint: (text) => {
      const kid = keys.sealing()
      const key = keyOf(kid)
      if (!key) throw missing(kid)
      return scratch.hash({ bytes: FINGERPRINT_BYTES, text, key }).toString('hex')
    },
    check: (message, { kid, mac }) => {
      const right = macOf(kid, message)
      if (!right) return 'unknown'
      return right.length === mac.length && timingSafeEqual(right, mac) ? 'right' : 'wrong'
    },
  }
}

const missing = (kid: string): AppError =>
  new AppError('key_missing', `The key ring lacks the key ${kid} that signs.`)
