import cluster, { type Worker } from 'node:cluster'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '../../base/errors.ts'

/** A process that does not listen by then will not. */
const START_MS = 30_000
/** Above the time that programs take to let their requests end. */
const END_MS = 15_000

/** Puts one process in the place of another, so that at every moment as many listen as before. */
export const createReplacements = () => {
  const leaving = new WeakSet<Worker>()
  const coming = new WeakSet<Worker>()
  return {
    /** Whether the end of a process is a part of a replacement, and no loss. */
    expectsEndOf: (worker: Worker): boolean => leaving.has(worker) || coming.has(worker),
    /** @throws AppError `internal` when the new process does not listen: the old one stays */
    replace: async (old: Worker): Promise<void> => {
      leaving.add(old) // also if it ends by itself by now: the new one has its place
      const fresh = cluster.fork()
      coming.add(fresh)
      if (await hasStarted(fresh)) {
        coming.delete(fresh)
        await endWorker(old)
        return
      }
      fresh.process.kill('SIGKILL')
      leaving.delete(old)
      if (old.isDead()) cluster.fork()
      throw new AppError(
        'internal',
        `A new process did not listen (it ended, or took over ${START_MS / 1000} s); its log lines say why. The old ones go on.`,
      )
    },
  }
}

const hasStarted = async (worker: Worker): Promise<boolean> => {
  const over = new AbortController()
  const started = new Promise<boolean>((resolve) => {
    worker.once('listening', () => resolve(true))
    worker.once('exit', () => resolve(false))
  })
  const late = delay(START_MS, false, { signal: over.signal }).catch(() => false)
  return Promise.race([started, late]).finally(() => over.abort())
}

const endWorker = async (worker: Worker): Promise<void> => {
  if (worker.isDead()) return
  const ended = new Promise((resolve) => worker.once('exit', resolve))
  worker.process.kill('SIGTERM')
  const timer = setTimeout(() => worker.process.kill('SIGKILL'), END_MS)
  await ended
  clearTimeout(timer)
}

/** Never runs twice at once. Calls while it runs are answered by one more run after it. */
export const inTurn = (work: () => Promise<void>): (() => Promise<void>) => {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  const run = (): Promise<void> => {
    running = work().finally(() => (running = undefined))
    return running
  }
  return () => {
    if (!running) return run()
    next ??= running
      .catch(() => undefined) // for those who asked for it
      .then(() => {
        next = undefined
        return run()
      })
    return next
  }
}
