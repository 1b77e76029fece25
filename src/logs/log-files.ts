import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

export type LogFile = { path: string; bytes: number; modifiedMs: number }

/** `mcp-host-0.log.2`: rotated, the lower the younger. */
const ROTATED = /\.log\.\d+$/
const CURRENT = /\.log$/

export const isCurrent = (path: string): boolean => CURRENT.test(path)

/** The process that a log file is of. */
export const processOf = (path: string): string => basename(path).replace(/\.log(\.\d+)?$/, '')

/** Every log file of a folder, current and rotated. A folder that is not there has none. */
export const listLogFiles = async (folder: string): Promise<LogFile[]> => {
  const names = await readdir(folder).catch(() => [])
  const paths = names.filter((name) => CURRENT.test(name) || ROTATED.test(name))
  return statAll(paths.map((name) => join(folder, name)))
}

/** Those that are there. */
export const statAll = async (paths: readonly string[]): Promise<LogFile[]> => {
  const found = await Promise.all(
    paths.map(async (path) => {
      const stats = await stat(path).catch(() => undefined)
      return stats?.isFile() ? [{ path, bytes: stats.size, modifiedMs: stats.mtimeMs }] : []
    }),
  )
  return found.flat()
}

/** Where PM2 writes besides the home's own folder, since the operator's template says so. */
export const logFilesElsewhere = (
  apps: readonly { out_file: string; error_file: string }[],
  folder: string,
): string[] => {
  const files = apps.flatMap(({ out_file: out, error_file: error }) => [out, error])
  return [...new Set(files)].filter((file) => file.startsWith('/') && dirname(file) !== folder)
}
