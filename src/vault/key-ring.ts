import { randomBytes } from 'node:crypto'
import { existsSync, renameSync } from 'node:fs'
import { z } from 'zod'
import { AppError } from '../base/errors.ts'
import {
  readOrMakeSecretFile,
  readSecretFile,
  syncFolderOf,
  writeSecretDraft,
} from '../base/secret-file.ts'

const MASTER_KEY_BYTES = 32

/** The master keys by id, in the order in which they were added. */
export type KeyRing = {
  readonly newest: string
  readonly keys: ReadonlyMap<string, Buffer>
}

const ringSchema = z.record(
  z.string().regex(/^k[0-9a-f]{8}$/),
  z.base64().refine((text) => Buffer.from(text, 'base64').length === MASTER_KEY_BYTES),
)

type RingText = z.output<typeof ringSchema>

/** Ids begin with a letter: JSON keeps such keys in the order in which they were added. */
const makeKey = (): RingText => ({
  [`k${randomBytes(4).toString('hex')}`]: randomBytes(MASTER_KEY_BYTES).toString('base64'),
})

/**
 * Reads the key ring file `{ "<kid>": "<base64 key>" }`, newest last.
 * @param sealedBy keys that have sealed something already; without any, the file is made when it is not there
 * @throws AppError `file_insecure`, or `key_missing` when the file is not a key ring, or not there
 */
export const loadKeyRing = (file: string, sealedBy: readonly string[]): KeyRing => {
  const mayMake = sealedBy.length === 0
  if (!mayMake && !existsSync(file))
    throw new AppError(
      'key_missing',
      `${file} is not there; restore the key ring with ${sealedBy.join(', ')} from your backup.`,
    )
  const text = mayMake
    ? readOrMakeSecretFile(file, () => JSON.stringify(makeKey()))
    : readSecretFile(file)
  const ring = parseRing(file, text)
  const keys = Object.entries(ring).map(([kid, key]) => [kid, Buffer.from(key, 'base64')] as const)
  return { newest: keys.at(-1)?.[0] ?? '', keys: new Map(keys) }
}

/** Adds a key behind the others. The caller holds the lock on the file. @returns its id */
export const addKey = (file: string): string => {
  const key = makeKey()
  replaceRing(file, { ...parseRing(file, readSecretFile(file)), ...key })
  return Object.keys(key)[0] ?? ''
}

/** Takes a key out for good. The caller holds the lock on the file. */
export const removeKey = (file: string, kid: string): void => {
  const { [kid]: removed, ...others } = parseRing(file, readSecretFile(file))
  if (removed !== undefined) replaceRing(file, others)
}

/** On disk before anything is sealed by it: a key that sealed something must not get lost with the power. */
const replaceRing = (file: string, ring: RingText): void => {
  renameSync(writeSecretDraft(file, JSON.stringify(ring)), file)
  syncFolderOf(file)
}

const parseRing = (file: string, text: string): RingText => {
  const ring = tryParse(text)
  if (ring && Object.keys(ring).length > 0) return ring
  throw new AppError(
    'key_missing',
    `${file} is not a key ring ({"<kid>": "<base64 of 32 bytes>"}); restore it.`,
  )
}

const tryParse = (text: string): RingText | undefined => {
  try {
    return ringSchema.parse(JSON.parse(text))
  } catch {
    return undefined // the message must not quote the file
  }
}
