import type { ServerResponse } from 'node:http'
import type { Era } from './hot-message.ts'

/** As often as the SDK: what stands between client and host may give up a silent connection. */
const KEEP_ALIVE_MS = 15_000

/** The SDK answers the older era in a stream, the newer one in plain JSON unless something came before the answer. */
const HEADERS = {
  stream: {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    connection: 'keep-alive',
    'x-accel-buffering': 'no',
  },
  plain: { 'content-type': 'application/json' },
} as const

const BEFORE = {
  stream: 'event: message\ndata: {"result":',
  plain: '{"result":',
} as const
const AFTER = { stream: '\n\n', plain: '' } as const

const formOf = (era: Era, response: ServerResponse): keyof typeof HEADERS =>
  era === 'legacy' || response.headersSent ? 'stream' : 'plain'

type Exchange = { era: Era; id: string | number; response: ServerResponse }

/**
 * Sends a result that is JSON already.
 * @param headers what the gateway is told beside it
 */
export const sendResult = (
  { era, id, response }: Exchange,
  result: Buffer | string,
  headers?: Record<string, string>,
): void => {
  const form = formOf(era, response)
  const before = BEFORE[form]
  const after = `,"jsonrpc":"2.0","id":${JSON.stringify(id)}}${AFTER[form]}`
  if (typeof result === 'string' || response.headersSent) {
    sendText(form, response, { text: `${before}${result.toString()}${after}`, headers })
    return
  }
  const length = before.length + result.length + Buffer.byteLength(after)
  response.writeHead(200, { ...HEADERS[form], 'content-length': length })
  response.cork()
  response.write(before)
  response.write(result)
  response.end(after)
}

type Written = { text: string; headers: Record<string, string> | undefined }

const sendText = (
  form: keyof typeof HEADERS,
  response: ServerResponse,
  { text, headers }: Written,
): void => {
  // prettier-ignore
  if (!response.headersSent)
    response.writeHead(200, {
      ...HEADERS[form],
      ...headers,
      'content-length': Buffer.byteLength(text),
    })
  response.end(text)
}

/** Ends the stream of an older client whose call was cancelled. */
export const endUnanswered = (response: ServerResponse, headers: Record<string, string>): void => {
  if (!response.headersSent) response.writeHead(200, { ...HEADERS.stream, ...headers })
  response.end()
}

/**
 * Keeps the stream of a client alive while its tool runs, with news of the progress where the client wants such:
 * the seconds that it took so far, since an API says nothing before it is done.
 *
 * @returns what ends it
 */
export const keepAlive = (
  { era, response }: Exchange,
  progressToken?: string | number,
  everyMs = KEEP_ALIVE_MS,
): (() => void) => {
  // A newer client's answer is plain JSON, but a stream where it asked for news: what comes before the answer makes it one.
  if (era === 'modern' && progressToken === undefined) return () => undefined
  const startedAt = performance.now()
  const timer = setInterval(() => {
    if (!response.headersSent) response.writeHead(200, HEADERS.stream)
    const progress = (performance.now() - startedAt) / 1_000
    response.write(
      progressToken === undefined ? ': keepalive\n\n' : progressMessage(progressToken, progress),
    )
  }, everyMs)
  return () => clearInterval(timer)
}

const progressMessage = (progressToken: string | number, progress: number): string => {
  const params = { progressToken, progress }
  const message = { jsonrpc: '2.0', method: 'notifications/progress', params }
  return `event: message\ndata: ${JSON.stringify(message)}\n\n`
}

export const accept = (response: ServerResponse): void => {
  response.writeHead(202).end()
}

/** There are no sessions to end and no streams to take up again: POST is all there is. */
export const refuseMethod = (response: ServerResponse): void => {
  response.writeHead(405, { 'content-type': 'application/json', allow: 'POST' })
  response.end(
    '{"jsonrpc":"2.0","error":{"code":-32000,"message":"Method not allowed."},"id":null}',
  )
}
