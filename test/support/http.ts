import assert from 'node:assert/strict'
import { request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'

export type Sent = {
  method?: string
  headers?: OutgoingHttpHeaders
  /** A string or buffer goes as it is, anything else as JSON. */
  body?: unknown
}
export type Answer = {
  status: number
  headers: IncomingHttpHeaders
  text: string
  /** Parsed when the answer is JSON. */
  body: unknown
}

/** One request whose path and headers reach the server exactly as given; `fetch` would tidy them up. */
export const send = (url: string, path: string, sent: Sent = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { method = 'GET', body } = sent
    const isRaw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body)
    const payload = isRaw ? body : JSON.stringify(body)
    const headers = { ...(isRaw ? {} : { 'content-type': 'application/json' }), ...sent.headers }
    // Node frames the body of a GET or DELETE only when it is told how.
    const isFramed = payload === undefined || 'transfer-encoding' in headers
    const length = isFramed ? {} : { 'content-length': Buffer.byteLength(payload) }
    const { hostname, port } = new URL(url)
    const outgoing = request(
      { hostname, port, path, method, headers: { ...length, ...headers }, agent: false },
      (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          const isJson = incoming.headers['content-type']?.startsWith('application/json') ?? false
          const parsed: unknown = isJson && text !== '' ? JSON.parse(text) : undefined
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            text,
            body: parsed,
          })
        })
      },
    )
    outgoing.on('error', reject)
    outgoing.end(payload)
  })

/** The error of an answer, which must have the one shape that all errors have. */
export const errorOf = (answer: Answer): { status: number; code: string; message: string } => {
  const { error } = answer.body as { error: Record<string, unknown> }
  assert.deepEqual(Object.keys(answer.body as object), ['error'])
  assert.deepEqual(Object.keys(error), ['code', 'message', 'requestId'])
  assert.ok(error['requestId'] && error['requestId'] === answer.headers['x-request-id'])
  return { status: answer.status, code: String(error['code']), message: String(error['message']) }
}
