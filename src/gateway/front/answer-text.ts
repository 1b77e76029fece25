import { STATUS_CODES } from 'node:http'
import type { Trailers } from '../http1/chunks.ts'

/**
 * How long a client's connection is kept for its next request: longer than proxies that may stand in front keep it, so that
 * they close first and no request meets a closing connection.
 */
export const KEEP_ALIVE_MS = 75_000

export type AnswerParts = {
  status: number
  reason?: string | undefined
  /** Names and values in turn. */
  headers: readonly string[]
  isChunked?: boolean | undefined
  /** Whether the connection may be used again. */
  isKept: boolean
}

const KEPT = `connection: keep-alive\r\nkeep-alive: timeout=${KEEP_ALIVE_MS / 1000}\r\n`
const CLOSED = 'connection: close\r\n'

/** The head of an answer, up to its empty line; with a date (RFC 9110 §6.6.1) if it has none. */
export const headText = ({ status, reason, headers, isChunked, isKept }: AnswerParts): string => {
  const date = hasDate(headers) ? '' : `date: ${dateNow()}\r\n`
  const framing = isChunked === true ? 'transfer-encoding: chunked\r\n' : ''
  return `${statusLine(status, reason)}${headLines(headers)}${date}${framing}${isKept ? KEPT : CLOSED}\r\n`
}

export const statusLine = (status: number, reason = STATUS_CODES[status] ?? ''): string =>
  `HTTP/1.1 ${status} ${reason}\r\n`

export const headLines = (headers: readonly string[]): string => {
  let text = ''
  for (let index = 0; index < headers.length; index += 2)
    text += `${headers[index] ?? ''}: ${headers[index + 1] ?? ''}\r\n`
  return text
}

export const trailerLines = (trailers: Trailers): string => headLines(trailers.flat())

const hasDate = (headers: readonly string[]): boolean => {
  for (let index = 0; index < headers.length; index += 2)
    if (headers[index]?.length === 4 && headers[index]?.toLowerCase() === 'date') return true
  return false
}

let date = { second: 0, text: '' }

/** The same for a whole second. */
const dateNow = (): string => {
  const second = Math.floor(Date.now() / 1000)
  if (second !== date.second) date = { second, text: new Date(second * 1000).toUTCString() }
  return date.text
}
