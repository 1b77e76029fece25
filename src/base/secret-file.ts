import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
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
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  writeFileSync(draft, `${make()}\n`, { mode: 0o600, flag: 'wx' })
  try {
    linkSync(draft, path)
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error
  } finally {
    unlinkSync(draft)
  }
  return readSecretFile(path)
}
