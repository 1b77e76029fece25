import type { ContentBlock, ToolResult } from '../../model/host-protocol.ts'
import type { Service } from '../../model/service.ts'
import { adviceFor } from './advice.ts'
import type { UpstreamAnswer } from './exchange.ts'
import type { Mask } from './mask-credentials.ts'
import { isTextual, mediaTypeOf, textOf } from './media-type.ts'

const MAX_TEXT = 1_000_000
const MAX_ERROR_TEXT = 2_000

export type Answered = {
  service: Service
  answer: UpstreamAnswer
  /** Where it came from. */
  url: URL
  /** Takes the user's credentials out: APIs quote keys in their messages at times. */
  mask: Mask
}

/** Turns an API's answer into what an agent reads; never with a credential in it. */
export const toToolResult = ({ service, answer, url, mask }: Answered): ToolResult => {
  const { status, body } = answer
  const isGood = status >= 200 && status < 300
  const notes = notesOf(answer, mask)
  if (isGood && body.length > 0 && !isTextual(answer))
    return withNotes(binaryResult(answer, mask(`${url.origin}${url.pathname}`)), notes)
  const text = mask(textOf(answer))
  return isGood ? withNotes(textual(answer, text), notes) : failure(service, answer, text)
}

const textual = ({ status, truncated }: UpstreamAnswer, text: string): ToolResult => {
  if (text === '') return textResult(`Done (${status}, no content).`)
  const cut = truncated || text.length > MAX_TEXT
  const parsed = cut ? undefined : parseJson(text)
  const shown = cut ? `${text.slice(0, MAX_TEXT)}\n${CUT}` : text
  return { ...textResult(shown), ...(parsed ? { structuredContent: parsed } : {}) }
}

const CUT = '[The answer was cut here; ask for less, by page or by filter.]'

/** What an agent reads when a call could not be made. */
export const toolError = (text: string): ToolResult => ({ ...textResult(text), isError: true })

const textResult = (text: string): ToolResult => ({ content: [{ type: 'text', text }] })

const withNotes = (result: ToolResult, notes: readonly string[]): ToolResult =>
  notes.length === 0
    ? result
    : { ...result, content: [...result.content, { type: 'text', text: notes.join('\n') }] }

const binaryResult = (answer: UpstreamAnswer, uri: string): ToolResult => {
  const mimeType = mediaTypeOf(answer) ?? 'application/octet-stream'
  // Half of an image or an archive is of no use.
  if (answer.truncated)
    return toolError(`The answer is ${mimeType} of more than ${answer.body.length} bytes, too large to be handed over.`) // prettier-ignore
  return { content: [blockOf(mimeType, answer.body.toString('base64'), uri)] }
}

const blockOf = (mimeType: string, data: string, uri: string): ContentBlock => {
  if (mimeType.startsWith('image/')) return { type: 'image', data, mimeType }
  if (mimeType.startsWith('audio/')) return { type: 'audio', data, mimeType }
  return { type: 'resource', resource: { uri, mimeType, blob: data } }
}

/** Headers that say where the next page, the thing made, or the running job is. */
const NOTED = [
  'link', 'location', 'operation-location', 'x-total-count', 'x-total', 'x-total-pages', 'x-next-page', 'x-next-cursor',
] // prettier-ignore

const notesOf = ({ headers }: UpstreamAnswer, mask: (text: string) => string): string[] =>
  NOTED.filter((name) => headers[name] !== undefined).map((name) =>
    mask(`${name}: ${[headers[name]].flat().join(', ')}`),
  )

const failure = (service: Service, answer: UpstreamAnswer, text: string): ToolResult => {
  const said = plainMessage(answer, text).slice(0, MAX_ERROR_TEXT)
  return toolError(
    `${service.displayName} answered ${answer.status}. ${adviceFor(service, answer)}${said && `\n${said}`}`,
  )
}

/** Of an error page only its words. */
const plainMessage = (answer: UpstreamAnswer, text: string): string =>
  mediaTypeOf(answer) === 'text/html'
    ? text
        .slice(0, MAX_TEXT)
        .replace(/<(style|script)\b[^]*?<\/\1>/gi, ' ')
        .replace(/<[^>]*>/g, ' ')
        .replace(/\s+/g, ' ')
        .trim()
    : text

/** An id of more than 53 bits would lose its last digits, and an agent would ask for another thing with it. */
const withLongIntegersAsText = (text: string): string =>
  /[[:,\s]-?\d{16,}[\s,}\]]/.test(text)
    ? text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\d{16,}(?![\d.eE])|-?\d+[\d.eE+-]*/g, (token) =>
        /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token,
      )
    : text

/** Structured content must be an object; another JSON value is wrapped. */
const parseJson = (text: string): Record<string, unknown> | undefined => {
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    const value: unknown = JSON.parse(withLongIntegersAsText(text))
    return Array.isArray(value) ? { items: value } : (value as Record<string, unknown>)
  } catch {
    return undefined
  }
}
