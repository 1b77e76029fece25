import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError } from '../../base/errors.ts'

export const MAX_BODY_BYTES = 8 * 1024 * 1024

/** @throws AppError `too_large` */
export const readBody = (request: IncomingMessage): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      // What is too much is read and dropped: leaving in the middle of an upload resets the connection, answer and all.
      if (size <= MAX_BODY_BYTES) chunks.push(chunk)
    })
    request.on('end', () => {
      if (size <= MAX_BODY_BYTES) resolve(wholeOf(chunks))
      else reject(tooLarge())
    })
    request.on('error', reject) // also when the client leaves in the middle
  })

/** Most bodies come in one piece. */
const wholeOf = (chunks: readonly Buffer[]): Buffer =>
  chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)

const tooLarge = () => new AppError('too_large', `The body is larger than ${MAX_BODY_BYTES} bytes.`)

/** An empty body is an empty object. @throws AppError `malformed_json` */
export const readJson = async (request: IncomingMessage): Promise<Record<string, unknown>> => {
  const text = (await readBody(request)).toString('utf8').trim()
  if (text === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>
  } catch {
    // said below
  }
  throw new AppError('malformed_json', 'The body must be a JSON object: the arguments of the tool.')
}

export const sendJson = (response: ServerResponse, status: number, body: unknown): void => {
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}
