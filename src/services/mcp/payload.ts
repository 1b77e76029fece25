import { wireName, type Tool } from '../../model/service.ts'
import type { Arguments } from './arguments.ts'
import { asText, fillBody } from './body-template.ts'
import { fileContent } from './file-content.ts'
import { multipart } from './multipart.ts'
import type { Payload } from './outgoing-request.ts'
import { planOf } from './tool-plan.ts'
import { encodeStrictly, writePairs } from './written.ts'

const NOTHING: Payload = { headers: {}, body: undefined }

/**
 * Writes the body of a tool's request, from the template or from the parameters that are left.
 * @param members what the credentials add to it
 */
export const writePayload = (
  tool: Tool,
  args: Arguments,
  members?: Readonly<Record<string, string>>,
): Payload => {
  const whole = wholeFile(tool, args)
  if (whole) return whole
  const own = tool.body === undefined ? remaining(tool, args) : fillBody(tool.body, args)
  const content = members ? withMembers(tool, own, members) : own
  if (content === undefined) return NOTHING
  switch (encodingOf(tool)) {
    case 'json':
      return payload('application/json', JSON.stringify(content))
    case 'text':
      return payload('text/plain', asText(content))
    case 'form':
      return payload('application/x-www-form-urlencoded', form(tool, membersOf(content)))
    case 'multipart':
      return multipart(tool, membersOf(content), args)
  }
}

/** They come last, so that no argument takes their place; a list or a text has no room for them. */
const withMembers = (
  { method }: Tool,
  content: unknown,
  members: Readonly<Record<string, string>>,
): unknown => {
  if (content === undefined) return method === 'GET' || method === 'HEAD' ? undefined : members
  return isObject(content) ? { ...content, ...members } : content
}

const isObject = (content: unknown): content is Record<string, unknown> =>
  typeof content === 'object' && content !== null && !Array.isArray(content)

/** A file is a part of a form, unless the config says what else it is. */
const encodingOf = (tool: Tool): NonNullable<Tool['encoding']> => {
  if (tool.encoding !== undefined) return tool.encoding
  const { hasFile, constantHeaders } = planOf(tool)
  const stated = constantHeaders.find(({ name }) => name === 'content-type')?.value ?? ''
  if (/^application\/x-www-form-urlencoded/i.test(stated)) return 'form'
  if (/^multipart\/form-data/i.test(stated)) return 'multipart'
  return hasFile && tool.body === undefined ? 'multipart' : 'json'
}

const payload = (type: string, body: string | Buffer): Payload => ({
  headers: { 'content-type': type },
  body: Buffer.from(body),
})

const membersOf = (content: unknown): Record<string, unknown> =>
  typeof content === 'object' && content !== null ? (content as Record<string, unknown>) : {}

/** `"body": "{{content}}"` with a file parameter: its bytes are the body. */
const wholeFile = (tool: Tool, args: Arguments): Payload | undefined => {
  const name =
    typeof tool.body === 'string' ? /^\{\{\s*([^{}\s]+)\s*\}\}$/.exec(tool.body)?.[1] : undefined
  if (name === undefined || tool.parameters[name]?.type !== 'file') return undefined
  const given = args[name]
  if (typeof given !== 'string') return NOTHING
  const file = fileContent(given)
  // Some APIs take nothing else here, so a guess would not do.
  return payload(file.stated ?? 'application/octet-stream', file.bytes)
}

/** The parameters that go into the body; undefined when the tool has none for it, or a bodiless method has no values. */
const remaining = (tool: Tool, args: Arguments): Record<string, unknown> | undefined => {
  const { body } = planOf(tool)
  if (body.length === 0) return undefined
  const present = body.filter(({ name }) => args[name] !== undefined)
  const isBodiless = ['GET', 'HEAD', 'DELETE'].includes(tool.method)
  if (present.length === 0 && isBodiless) return undefined
  return Object.fromEntries(present.map(({ name, wire }) => [wire, args[name]]))
}

const form = (tool: Tool, content: Record<string, unknown>): string => {
  const styles = new Map(
    Object.entries(tool.parameters).map(([name, { style }]) => [wireName(tool, name), style]),
  )
  return Object.entries(content)
    .flatMap(([name, value]) =>
      writePairs(name, value, { style: styles.get(name), encode: encodeInForm }),
    )
    .map(([name, value]) => `${name.replaceAll('%20', '+')}=${value}`)
    .join('&')
}

/** A space is a plus sign (WHATWG URL §5.2); everything else as in a query. */
const encodeInForm = (text: string): string => encodeStrictly(text).replaceAll('%20', '+')
