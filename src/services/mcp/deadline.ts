/**
 * Runs work with a signal that aborts after a time, or with the outer one.
 * @throws the signal's reason; after the time a `TimeoutError`
 */
export const withinTime = async <T>(
  ms: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const controller = new AbortController()
  const leave = () => controller.abort(outer?.reason)
  const timer = setTimeout(() => controller.abort(timeout()), ms)
  if (outer?.aborted) leave()
  outer?.addEventListener('abort', leave)
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
    outer?.removeEventListener('abort', leave)
  }
}

const timeout = () => new DOMException('the time for an answer is over', 'TimeoutError')

/** @throws the signal's reason when it aborts before the pause is over */
export const pauseFor = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer)
      reject(signal.reason as Error)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', end)
      resolve()
    }, ms)
    signal.addEventListener('abort', end)
  })
