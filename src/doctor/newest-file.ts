import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

export type DatedFile = { file: string; modifiedAt: Date }

/** The embedded database alone has a thousand files; what Berth itself writes lies near the top. */
const MAX_DEPTH = 2
const MAX_FILES = 2_000

/** The file that was written last below a folder, as far as it looks. */
export const findNewestFile = async (folder: string): Promise<DatedFile | undefined> => {
  const files = (await filesBelow(folder, MAX_DEPTH)).slice(0, MAX_FILES)
  const dated = await Promise.all(files.map(dateOf))
  return dated.reduce<DatedFile | undefined>(
    (newest, next) => (next && (!newest || next.modifiedAt > newest.modifiedAt) ? next : newest),
    undefined,
  )
}

const filesBelow = async (folder: string, depth: number): Promise<string[]> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const below = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name)
      if (entry.isFile()) return [path]
      return entry.isDirectory() && depth > 0 ? await filesBelow(path, depth - 1) : []
    }),
  )
  return below.flat()
}

const dateOf = async (file: string): Promise<DatedFile | undefined> => {
  try {
    return { file, modifiedAt: (await stat(file)).mtime }
  } catch {
    return undefined // gone since
  }
}
