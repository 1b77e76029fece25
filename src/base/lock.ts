import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { AppError, systemCodeOf } from './errors.ts'
import { readOrMakeSecretFile, readSecretFile } from './secret-file.ts'

/** Who holds a lock, for the message that others get. */
export type LockHolder = {
  pid: number
  role: string
  since: string
  /** The daemon's own address, when the holder is the daemon. */
  url?: string
  pm2Home?: string
  /** Which database the daemon works on; never with its password. */
  database?: string
}

export type Lock = { release: () => Promise<void> }

type LockRequest = {
  folder: string
  name: string
  holder: Omit<LockHolder, 'pid' | 'since'>
  /** What to do when another has it; told with who that is. */
  wayOut?: string
}

const holderFile = (folder: string, name: string) => join(folder, `${name}.holder.json`)

/**
 * Takes an exclusive lock among processes of one machine. The lock is an abstract unix socket: the kernel
 * gives it to one process and takes it back when that process ends, however it ends, so there is no stale
 * lock to judge. Its name is random and kept in a 0600 file, so that no other user can take it first.
 *
 * @throws AppError `locked`, naming who holds it.
 */
export const acquireLock = async ({ folder, name, holder, wayOut }: LockRequest): Promise<Lock> => {
  const id = readOrMakeSecretFile(join(folder, `${name}.lock`), () =>
    randomBytes(16).toString('hex'),
  )
  const server = createServer((socket) => socket.destroy())
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ path: `\0berth-${id}` }, resolve)
    })
  } catch (error) {
    if (systemCodeOf(error) !== 'EADDRINUSE') throw error
    const by = readHolder(folder, name)
    const who = by ? `${by.role} (pid ${by.pid}, since ${by.since})` : 'another process'
    throw new AppError(
      'locked',
      [`${folder} is held by ${who}.`, ...(wayOut ? [wayOut] : [])].join(' '),
      { cause: error },
    )
  }
  server.unref()
  const mine: LockHolder = { ...holder, pid: process.pid, since: new Date().toISOString() }
  writeFileSync(holderFile(folder, name), JSON.stringify(mine), { mode: 0o600 })
  let released: Promise<void> | undefined
  return {
    release: () =>
      (released ??= new Promise((resolve) => {
        rmSync(holderFile(folder, name), { force: true })
        server.close(() => resolve())
      })),
  }
}

/** Who holds the lock now; undefined when nobody does. Looking does not take it. */
export const findLockHolder = async (
  folder: string,
  name: string,
): Promise<LockHolder | undefined> => {
  let id: string
  try {
    id = readSecretFile(join(folder, `${name}.lock`))
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined
    throw error
  }
  const isHeld = await new Promise<boolean>((resolve) => {
    const socket = connect({ path: `\0berth-${id}` }, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
  return isHeld
    ? (readHolder(folder, name) ?? { pid: 0, role: 'another process', since: '' })
    : undefined
}

/** What the last holder wrote about itself; only true while the lock is held. */
const readHolder = (folder: string, name: string): LockHolder | undefined => {
  try {
    return JSON.parse(readFileSync(holderFile(folder, name), 'utf8')) as LockHolder
  } catch {
    return undefined
  }
}

/**
 * Does `work` under the lock; waits for it up to `deadlineMs`.
 * @throws AppError `locked` when the deadline passes.
 */
export const withLock = async <T>(
  request: LockRequest & { deadlineMs: number },
  work: () => Promise<T>,
): Promise<T> => {
  const lock = await acquireWithin(request, Date.now() + request.deadlineMs)
  try {
    return await work()
  } finally {
    await lock.release()
  }
}

const acquireWithin = async (request: LockRequest, until: number): Promise<Lock> => {
  for (;;) {
    try {
      return await acquireLock(request)
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'locked') || Date.now() > until) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
