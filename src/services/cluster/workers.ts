import cluster, { type Worker } from 'node:cluster'
import type { Log } from '../../base/log.ts'
import { residentBytesOf } from '../../base/proc.ts'
import { createReplacements, inTurn } from './replacements.ts'

export type WorkersOptions = {
  /** Path of a program that listens on its port in the usual way. */
  program: string
  count: number
  /** A process with more resident memory is replaced; 0: no limit. */
  maxBytes: number
  log: Log
  /** All processes have ended: by {@link Workers.stop} (0), or since replacing them did not help (the last one's code). */
  onEnd: (code: number) => void
  /** The processes that listen are others now. */
  onChange?: (pids: readonly number[]) => void
  /** Arguments of the program. */
  args?: readonly string[]
}

export type Workers = {
  start: () => void
  stop: () => void
  /**
   * Replaces every process that runs now, one after the other: each ends when its successor listens. A call meanwhile
   * replaces them all once more afterwards.
   *
   * @throws AppError `internal` when a successor did not listen; the others go on as they are
   */
  replace: () => Promise<void>
}

/** More ends than this within a minute, and it is for PM2 and the supervisor to decide: they know backoff and quarantine. */
const MAX_ENDS_PER_MINUTE = 5
const MINUTE_MS = 60_000
const MEMORY_CHECK_MS = 10_000

// One that has ended may still be listed.
const all = (): Worker[] =>
  Object.values(cluster.workers ?? {}).flatMap((one) => (!one || one.isDead() ? [] : [one]))

/** Kills processes that take more memory than that, now and then. */
const watchMemory = (maxBytes: number, log: Log): NodeJS.Timeout => {
  const check = (): void => {
    for (const { process } of all()) {
      const bytes = residentBytesOf(process.pid ?? 0)
      if (bytes <= maxBytes) continue
      log.warn('process takes too much memory', { pid: process.pid, bytes })
      process.kill('SIGKILL')
    }
  }
  return setInterval(check, MEMORY_CHECK_MS)
}

/**
 * Keeps several processes of one program running (node:cluster): they share its port, and one that ends is replaced while
 * the others go on serving. One that ends before it listened, or too many ends, end them all.
 */
export const createWorkers = (options: WorkersOptions): Workers => {
  const { log } = options
  const listening = new WeakSet<Worker>()
  const replacements = createReplacements()
  let ends: number[] = []
  let ending: number | undefined
  let timer: NodeJS.Timeout | undefined
  const noteChange = (): void => {
    const serving = all().filter((worker) => listening.has(worker))
    options.onChange?.(serving.flatMap(({ process }) => process.pid ?? []))
  }

  const end = (code: number): void => {
    ending ??= code
    clearInterval(timer)
    for (const worker of all()) worker.process.kill('SIGTERM')
    if (all().length === 0) options.onEnd(ending)
  }

  const onExit = (worker: Worker, code: number | null, signal: string | null): void => {
    if (ending !== undefined) {
      if (all().length === 0) options.onEnd(ending)
      return
    }
    noteChange()
    if (replacements.expectsEndOf(worker)) return
    const now = Date.now()
    ends = [...ends.filter((at) => now - at < MINUTE_MS), now]
    log.warn('process ended', { pid: worker.process.pid, code, signal })
    if (listening.has(worker) && ends.length <= MAX_ENDS_PER_MINUTE) cluster.fork()
    else end(code === null || code === 0 ? 1 : code)
  }

  return {
    start: () => {
      cluster.setupPrimary({ exec: options.program, args: [...(options.args ?? [])] })
      cluster.on('listening', (worker) => {
        listening.add(worker)
        noteChange()
      })
      cluster.on('exit', onExit)
      for (let index = 0; index < options.count; index += 1) cluster.fork()
      if (options.maxBytes > 0) timer = watchMemory(options.maxBytes, log)
    },
    stop: () => end(0),
    replace: inTurn(async () => {
      for (const worker of all())
        if (ending === undefined && !worker.isDead()) await replacements.replace(worker)
    }),
  }
}
