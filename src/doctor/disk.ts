import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemCodeOf } from '../base/errors.ts'
import { error, mebibytes, ok, warning, type Verdict } from './finding.ts'

const WARN_BYTES = 1024 ** 3
const ERROR_BYTES = 200 * 1024 ** 2

export type DiskNeeds = { folder: string; freeBytes: (folder: string) => Promise<number> }

export const checkDisk = async ({ folder, freeBytes }: DiskNeeds): Promise<Verdict[]> => {
  const free = await freeBytes(folder)
  const trouble = {
    what: `${mebibytes(free)} free on the disk of ${folder}`,
    why: 'logs and the embedded database grow; a full disk stops the database',
    fix: `du -xsh ${folder}/* | sort -h`,
  }
  if (free < ERROR_BYTES) return [error(trouble)]
  return [free < WARN_BYTES ? warning(trouble) : ok(trouble.what)]
}

/** What an unprivileged process may still write; asks the nearest folder above when this one is not there yet. */
export const freeBytesOf = async (folder: string): Promise<number> => {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch (thrown) {
    if (systemCodeOf(thrown) !== 'ENOENT' || folder === dirname(folder)) throw thrown
    return freeBytesOf(dirname(folder))
  }
}
