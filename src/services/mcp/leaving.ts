import type { ServerResponse } from 'node:http'
import { createStop, type StopSignal } from './stop-signal.ts'

/** Aborts when the client leaves before it has its answer: nobody waits for what the API would say. */
export const leaving = (response: ServerResponse): StopSignal => stopAtLeaving(response).signal

/** The same, with a way to stop before that. */
export const stopAtLeaving = (response: ServerResponse): ReturnType<typeof createStop> => {
  const { signal, abort } = createStop()
  const leave = () => abort(new DOMException('the client left', 'AbortError'))
  if (response.destroyed) leave()
  else
    response.once('close', () => {
      if (!response.writableFinished) leave()
    })
  return { signal, abort }
}
