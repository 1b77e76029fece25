import { randomBytes } from 'node:crypto'
import { placeOf, wireName, type Tool } from '../../model/service.ts'
import type { Arguments } from './arguments.ts'
import { asText, fillBody } from './body-template.ts'

export type Payload = { headers: Record<string, string>; body: Buffer | undefined }

const NOTHING: Payload = { headers: {}, body: undefined }

/** Writes the body of a tool's request: JSON, form or multipart, from the template or from the parameters that are left. */
export const writePayload = (tool: Tool, args: Arguments): Payload => {
  const whole = wholeFile(tool, args)
  if (whole) return whole
  const content = tool.body === undefined ? remaining(tool, args) : fillBody(tool.body, args)
  if (content === undefined) return NOTHING
  if (tool.encoding === 'multipart') return multipart(tool, content as Record<string, unknown>)
  if (tool.encoding === 'form') return form(content as Record<string, unknown>)
  return {
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(content)),
  }
}

/** `"body": "{{content}}"` with a file parameter: its bytes are the body. */
const wholeFile = (tool: Tool, args: Arguments): Payload | undefined => {
  const name =
    typeof tool.body === 'string' ? /^\{\{\s*([\w-]+)\s*\}\}$/.exec(tool.body)?.[1] : undefined
  if (name === undefined || tool.parameters[name]?.type !== 'file') return undefined
  const content = args[name]
  return typeof content === 'string'
    ? {
        headers: { 'content-type': 'application/octet-stream' },
        body: Buffer.from(content, 'base64'),
      }
    : NOTHING
}

/** The parameters that go into the body; undefined when the tool has none for it, or a bodiless method has no values. */
const remaining = (tool: Tool, args: Arguments): Record<string, unknown> | undefined => {
  const names = Object.keys(tool.parameters).filter((name) => placeOf(tool, name) === 'body')
  const present = names.filter((name) => args[name] !== undefined)
  if (names.length === 0 || (present.length === 0 && tool.method === 'DELETE')) return undefined
  return Object.fromEntries(present.map((name) => [wireName(tool, name), args[name]]))
}

/** An array repeats its name. */
const fieldsOf = (content: Record<string, unknown>): [string, unknown][] =>
  Object.entries(content).flatMap(([name, value]) =>
    (Array.isArray(value) ? (value as unknown[]) : [value]).map((item): [string, unknown] => [
      name,
      item,
    ]),
  )

const form = (content: Record<string, unknown>): Payload => {
  const fields = new URLSearchParams()
  for (const [name, value] of fieldsOf(content)) fields.append(name, asText(value))
  return {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(fields.toString()),
  }
}

/** RFC 7578; parameters of type file are parts with a filename, their base64 decoded. */
const multipart = (tool: Tool, content: Record<string, unknown>): Payload => {
  const boundary = `berth-${randomBytes(12).toString('hex')}`
  const parts = fieldsOf(content).flatMap(([name, value]) => {
    const isFile = tool.parameters[name]?.type === 'file'
    const safe = name.replace(/["\r\n]/g, '_')
    const head = isFile
      ? `content-disposition: form-data; name="${safe}"; filename="${safe}"\r\ncontent-type: application/octet-stream`
      : `content-disposition: form-data; name="${safe}"`
    const data = isFile ? Buffer.from(asText(value), 'base64') : Buffer.from(asText(value))
    return [Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`), data, Buffer.from('\r\n')]
  })
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]),
  }
}
