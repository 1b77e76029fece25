import { createStop, type StopSignal } from './stop-signal.ts'

/**
 * Runs work with a signal that aborts after a time, or with the outer one.
 * @throws the signal's reason; after the time a `TimeoutError`
 */
export const withinTime = async <T>(
  ms: number,
  outer: StopSignal | undefined,
  work: (signal: StopSignal) => Promise<T>,
): Promise<T> => {
  const { signal, abort } = createStop()
  const leave = () => abort(outer?.reason as Error)
  const timer = setTimeout(() => abort(timeout()), ms)
  if (outer?.aborted) leave()
  outer?.addEventListener('abort', leave)
  try {
    return await work(signal)
  } finally {
    clearTimeout(timer)
    outer?.removeEventListener('abort', leave)
  }
}

const timeout = () => new DOMException('the time for an answer is over', 'TimeoutError')

/** @throws the signal's reason when it aborts before the pause is over */
export const pauseFor = (ms: number, signal: StopSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer)
      reject(signal.reason ?? new Error('nobody waits any more'))
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', end)
      resolve()
    }, ms)
    signal.addEventListener('abort', end)
  })
