import type { Dispatcher } from 'undici'
import type { OutgoingRequest } from './outgoing-request.ts'
import type { StopSignal } from './stop-signal.ts'

export type UpstreamAnswer = {
  status: number
  /** Names in lower case. */
  headers: Record<string, string | string[] | undefined>
  body: Buffer
  /** Whether the body was longer than what is kept. */
  truncated: boolean
}

/** More than this of a body is not read. */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024

/**
 * One request and its answer over undici's lowest door, without a stream in between.
 * @throws what `signal` was aborted with, or the network's error
 */
export const exchange = (
  dispatcher: Dispatcher,
  { method, url, headers, body }: OutgoingRequest,
  signal: StopSignal,
): Promise<UpstreamAnswer> =>
  new Promise((resolve, reject) => {
    const answer: UpstreamAnswer = { status: 0, headers: {}, body: NOTHING, truncated: false }
    const chunks: Buffer[] = []
    let size = 0
    let end: (reason: Error) => void = reject
    const abort = () => end(signal.reason as Error)
    const settle = (failure?: Error) => {
      signal.removeEventListener('abort', abort)
      if (failure && !answer.truncated) {
        reject(failure)
        return
      }
      const whole = chunks.length === 1 ? (chunks[0] ?? NOTHING) : Buffer.concat(chunks)
      answer.body = whole.length > MAX_ANSWER_BYTES ? whole.subarray(0, MAX_ANSWER_BYTES) : whole
      resolve(answer)
    }
    signal.addEventListener('abort', abort)
    const { origin, pathname, search } = url
    const path = `${pathname}${search}`
    const options = { origin, path, method: method as 'GET', headers, body: body ?? null }
    dispatcher.dispatch(options, {
      onRequestStart: (controller) => {
        end = (reason) => controller.abort(reason)
        if (signal.aborted) abort()
      },
      onResponseStart: (_controller, status, answered) => {
        answer.status = status
        answer.headers = answered
      },
      onResponseData: (controller, chunk) => {
        chunks.push(chunk)
        size += chunk.length
        answer.truncated = size > MAX_ANSWER_BYTES
        if (answer.truncated) controller.abort(new RangeError('the answer is too long'))
      },
      onResponseEnd: () => settle(),
      onResponseError: (_controller, error) => settle(error),
    })
  })

const NOTHING = Buffer.alloc(0)
