import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '../base/errors.ts'
import { readOrMakeSecretFile } from '../base/secret-file.ts'

const MASTER_KEY_BYTES = 32

/** The master keys by id; every one opens, the newest seals. */
export type KeyRing = {
  readonly newest: string
  readonly keys: ReadonlyMap<string, Buffer>
}

const ringSchema = z.record(
  z.string().regex(/^k[0-9a-f]{8}$/),
  z.base64().refine((text) => Buffer.from(text, 'base64').length === MASTER_KEY_BYTES),
)

/** Ids begin with a letter: JSON keeps such keys in the order in which they were added. */
const makeRing = (): string =>
  JSON.stringify({
    [`k${randomBytes(4).toString('hex')}`]: randomBytes(MASTER_KEY_BYTES).toString('base64'),
  })

/**
 * Reads the key ring file `{ "<kid>": "<base64 key>" }`, newest last; makes it when it is not there.
 * @throws AppError `file_insecure`, or `key_missing` when the file is not a key ring
 */
export const loadKeyRing = (file: string): KeyRing => {
  const text = readOrMakeSecretFile(file, makeRing)
  const ring = parseRing(text)
  const newest = ring && Object.keys(ring).at(-1)
  if (!newest)
    throw new AppError(
      'key_missing',
      `${file} is not a key ring ({"<kid>": "<base64 of 32 bytes>"}); restore it.`,
    )
  const keys = Object.entries(ring).map(([kid, key]) => [kid, Buffer.from(key, 'base64')] as const)
  return { newest, keys: new Map(keys) }
}

const parseRing = (text: string): Record<string, string> | undefined => {
  try {
    return ringSchema.parse(JSON.parse(text))
  } catch {
    return undefined // the message must not quote the file
  }
}
