import type { Credentials } from '../../model/host-credentials.ts'
import type { ToolResult } from '../../model/host-protocol.ts'
import { maskCredentials } from './mask-credentials.ts'
import type { UpstreamAnswer } from './exchange.ts'

const MAX_TEXT = 1_000_000
const MAX_ERROR_TEXT = 2_000
const MIN_MASKED = 6

/** Turns an API's answer into what an agent reads; never with a credential in it. */
export const toToolResult = (
  serviceName: string,
  answer: UpstreamAnswer,
  credentials: Credentials,
): ToolResult => {
  // APIs quote keys in their messages at times.
  const text = maskCredentials(answer.body.toString('utf8'), credentials, MIN_MASKED)
  if (answer.status < 200 || answer.status >= 300) return failure(serviceName, answer, text)
  if (text === '') return textResult(`Done (${answer.status}, no content).`)
  const parsed = parseJson(text)
  const cut = answer.truncated || text.length > MAX_TEXT
  const note = cut ? '\n[The answer was cut here; ask for less, by page or by filter.]' : ''
  return {
    ...textResult(text.slice(0, MAX_TEXT) + note),
    ...(parsed && !cut ? { structuredContent: parsed } : {}),
  }
}

/** What an agent reads when a call could not be made. */
export const toolError = (text: string): ToolResult => ({ ...textResult(text), isError: true })

const textResult = (text: string): ToolResult => ({ content: [{ type: 'text', text }] })

const failure = (serviceName: string, answer: UpstreamAnswer, text: string): ToolResult => {
  const said = text.slice(0, MAX_ERROR_TEXT)
  return toolError(
    `${serviceName} answered ${answer.status}. ${adviceFor(answer)}${said && `\n${said}`}`,
  )
}

const adviceFor = (answer: UpstreamAnswer): string => {
  const { status } = answer
  if (status === 401 || status === 403)
    return 'The key is not accepted, or may not do this. The user can enter a new one for this service; the URL stays the same.'
  if (status === 404) return 'There is no such thing; check the ids.'
  if (status === 429) {
    const after = answer.headers['retry-after']
    const wait =
      typeof after !== 'string' ? 'a while' : /^\d+$/.test(after) ? `${after} s` : `until ${after}`
    return `The API limits calls; wait ${wait} before the next one.`
  }
  if (status >= 500) return 'The API has a problem of its own; try again later.'
  if (status >= 300 && status < 400)
    return 'The API points elsewhere, and the call was not followed there.'
  return 'The API refused the arguments.'
}

/** Structured content must be an object; another JSON value is wrapped. */
const parseJson = (text: string): Record<string, unknown> | undefined => {
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? { items: value } : (value as Record<string, unknown>)
  } catch {
    return undefined
  }
}
