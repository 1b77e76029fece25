import type { ServerResponse } from 'node:http'

/** Aborts when the client leaves before it has its answer: nobody waits for what the API would say. */
export const leaving = (response: ServerResponse): AbortSignal => {
  const controller = new AbortController()
  if (response.destroyed) controller.abort()
  else
    response.once('close', () => {
      if (!response.writableFinished) controller.abort()
    })
  return controller.signal
}
