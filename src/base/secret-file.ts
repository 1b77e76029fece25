import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs' // prettier-ignore
import { dirname } from 'node:path'
import { AppError, systemCodeOf } from './errors.ts'

/**
 * Reads a secret file.
 * @throws AppError `file_insecure` when its mode is wider than 0600, or when it is empty.
 */
export const readSecretFile = (path: string): string => {
  const mode = statSync(path).mode & 0o777
  if ((mode & 0o077) !== 0)
    throw new AppError(
      'file_insecure',
      `${path} has mode ${mode.toString(8)}, others can read it. Run: chmod 600 ${path}, and replace the secret if others had access.`,
    )
  const text = readFileSync(path, 'utf8').trim()
  if (text === '')
    throw new AppError('file_insecure', `${path} is empty; restore it from your backup.`)
  return text
}

/**
 * Reads a secret file, or makes it (0600) when it is not there. Of several processes that try at once,
 * one makes it and all read the same: the content is complete before the name appears.
 */
export const readOrMakeSecretFile = (path: string, make: () => string): string => {
  try {
    return readSecretFile(path)
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error
  }
  const draft = writeSecretDraft(path, make())
  try {
    linkSync(draft, path)
    syncFolderOf(path)
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error
  } finally {
    unlinkSync(draft)
  }
  return readSecretFile(path)
}

/** Writes what shall take the place of a file beside it, on disk before it gets the name. @returns its path */
export const writeSecretDraft = (path: string, text: string): string => {
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  const descriptor = openSync(draft, 'wx', 0o600)
  try {
    writeFileSync(descriptor, `${text}\n`)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  return draft
}

/** A new name is on disk as soon as its folder is: what a key has sealed must not outlive it in a power cut. */
export const syncFolderOf = (path: string): void => {
  const descriptor = openSync(dirname(path), 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
