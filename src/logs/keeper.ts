import { rm } from 'node:fs/promises'
import type { LogFileLimits } from '../base/log-settings.ts'
import type { Runnable } from '../base/lifecycle.ts'
import { createLoop } from '../base/loop.ts'
import type { Log } from '../base/log.ts'
import { isCurrent, listLogFiles, statAll, type LogFile } from './log-files.ts'
import { empty, rotate } from './rotate.ts'

type KeeperOptions = {
  /** All log files of the fleet are in it. */
  folder: string
  /** Others that shall be bounded too: PM2's own, and those that the operator's template names. */
  others?: () => readonly string[]
  limits: LogFileLimits
  log: Log
  now?: () => number
}

const LOOK_MS = 1_000
/** A file that grows fast is looked at that often. */
const FLOOD_LOOK_MS = 50
const FLOOD_BYTES = 1024 * 1024
/** Rotating a flood as fast as it comes would write everything twice: meanwhile a full file is made empty. */
const MIN_ROTATION_MS = 5_000
/** How often age and the bound on the whole are looked at when nothing was rotated. */
const SWEEP_MS = 60_000
const DAY_MS = 86_400_000
const LEAST_BYTES = 64 * 1024

/** Keeps log files within their bounds, whoever writes them. A disk that is full or a file that is gone disturbs nobody. */
export const createLogKeeper = (options: KeeperOptions): Runnable => {
  const look = createLook(options)
  const turn = (): Promise<number> =>
    look().catch((error: unknown) => {
      options.log.warn('log files could not be looked at', { error })
      return LOOK_MS
    })
  return createLoop({ name: 'log keeper', turn, firstAfterMs: LOOK_MS })
}

/** One look at all files. @returns after how many milliseconds the next one is due */
export const createLook = ({ folder, others, limits, log, now = Date.now }: KeeperOptions) => {
  const before = new Map<string, number>()
  const rotatedAt = new Map<string, number>()
  let sweptAt = 0

  const hasFlooded = ({ path, bytes }: LogFile): boolean =>
    bytes - (before.get(path) ?? bytes) > FLOOD_BYTES

  const bound = async ({ path, bytes }: LogFile, maxBytes: number): Promise<boolean> => {
    if (bytes <= maxBytes) return false
    if (now() - (rotatedAt.get(path) ?? 0) < MIN_ROTATION_MS) empty(path, bytes)
    else await rotate(path, limits.kept, maxBytes)
    rotatedAt.set(path, now())
    return true
  }

  const sweep = async (): Promise<void> => {
    sweptAt = now()
    const files = await listLogFiles(folder)
    const doomed = beyond(files, limits, now())
    await Promise.all(doomed.map(({ path }) => rm(path, { force: true })))
    if (doomed.length > 0) log.info('log files removed', { files: doomed.length })
  }

  return async (): Promise<number> => {
    const current = await listCurrent(folder, others?.() ?? [])
    // Many files share the whole: half of it is for the current ones.
    const share = Math.max(LEAST_BYTES, limits.maxTotalBytes / 2 / Math.max(1, current.length))
    const maxBytes = Math.min(limits.maxBytes, share)
    let isFlood = false
    let isRotated = false
    for (const file of current) {
      if (hasFlooded(file)) isFlood = true
      const isBounded = await bound(file, maxBytes).catch(() => false)
      before.set(file.path, isBounded ? 0 : file.bytes)
      if (isBounded) isRotated = true
    }
    if (isRotated || now() - sweptAt > SWEEP_MS) await sweep()
    return isFlood ? FLOOD_LOOK_MS : LOOK_MS
  }
}

const listCurrent = async (folder: string, others: readonly string[]): Promise<LogFile[]> => {
  const all = await listLogFiles(folder)
  return [...all.filter(({ path }) => isCurrent(path)), ...(await statAll(others))]
}

/** The rotated files that must go: too old, or the oldest of those that are too many bytes together. */
const beyond = (files: readonly LogFile[], limits: LogFileLimits, now: number): LogFile[] => {
  const rotated = files.filter(({ path }) => !isCurrent(path))
  const youngestFirst = rotated.sort((a, b) => b.modifiedMs - a.modifiedMs)
  // The other half is for the current ones, and for what a flood brings until the next look.
  let left = limits.maxTotalBytes / 2
  return youngestFirst.filter(({ bytes, modifiedMs }) => {
    left -= bytes
    return left < 0 || now - modifiedMs > limits.maxDays * DAY_MS
  })
}
