import { connect } from 'node:net'
import { AppError } from '../base/errors.ts'
import { loopbackSource } from '../base/loopback.ts'

export type ProbeRequest = {
  port: number
  path: string
  headers?: Readonly<Record<string, string>>
  /** With one the method is POST. */
  body?: string
  deadlineMs: number
  maxBytes: number
}
export type ProbeAnswer = { status: number; body: string }

const HOST = '127.0.0.1'

/**
 * One request on a connection of its own, as HTTP/1.0: the answer comes whole, without chunks, and ends with the
 * connection. node:http does the same for three times the CPU, and a sweep asks thousands.
 *
 * @throws AppError `service_timeout` at the deadline; the socket's error; RangeError when the answer is too long
 */
export const askPort = (request: ProbeRequest): Promise<ProbeAnswer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    let expected: number | undefined
    const socket = connect({ host: HOST, port: request.port, ...loopbackSource(HOST) })
    const timer = setTimeout(() => {
      const message = `no answer within ${request.deadlineMs} ms (timeout)`
      socket.destroy(new AppError('service_timeout', message))
    }, request.deadlineMs)
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      size += chunk.length
      expected ??= expectedSize(Buffer.concat(chunks))
      if (size > request.maxBytes) socket.destroy(new RangeError('the answer is too long'))
      else if (expected !== undefined && size >= expected) socket.destroy()
    })
    socket.on('error', reject)
    socket.on('close', () => {
      clearTimeout(timer)
      const answer = size >= (expected ?? 0) ? readAnswer(Buffer.concat(chunks)) : undefined
      if (answer) resolve(answer)
      else reject(new AppError('service_unavailable', 'the connection broke: socket hang up'))
    })
    socket.write(textOf(request))
  })

const textOf = ({ port, path, headers = {}, body }: ProbeRequest): string => {
  const lines = [
    `${body === undefined ? 'GET' : 'POST'} ${path} HTTP/1.0`,
    `Host: ${HOST}:${port}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
  ]
  return `${lines.join('\r\n')}\r\n\r\n${body ?? ''}`
}

const HEAD_END = '\r\n\r\n'

/** @returns undefined when it does not say; then the answer ends with the connection */
const expectedSize = (bytes: Buffer): number | undefined => {
  const headEnd = bytes.indexOf(HEAD_END)
  if (headEnd === -1) return undefined
  const length = /^content-length: *(\d+)/im.exec(bytes.toString('latin1', 0, headEnd))?.[1]
  return length === undefined ? undefined : headEnd + HEAD_END.length + Number(length)
}

const readAnswer = (bytes: Buffer): ProbeAnswer | undefined => {
  const headEnd = bytes.indexOf(HEAD_END)
  const status = /^HTTP\/1\.\d (\d{3})/.exec(bytes.toString('latin1', 0, 12))?.[1]
  if (headEnd === -1 || status === undefined) return undefined
  return { status: Number(status), body: bytes.toString('utf8', headEnd + HEAD_END.length) }
}
