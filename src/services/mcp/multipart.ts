import { randomBytes } from 'node:crypto'
import { wireName, type Parameter, type Tool } from '../../model/service.ts'
import type { Arguments } from './arguments.ts'
import { asText } from './body-template.ts'
import { fileContent } from './file-content.ts'
import type { Payload } from './outgoing-request.ts'
import { writePairs } from './written.ts'

/** RFC 7578; a file is a part with a filename and a content type, its base64 decoded. */
export const multipart = (
  tool: Tool,
  content: Record<string, unknown>,
  args: Arguments,
): Payload => {
  const boundary = `berth-${randomBytes(12).toString('hex')}`
  const byWireName = new Map(
    Object.entries(tool.parameters).map(([key, parameter]) => [wireName(tool, key), parameter]),
  )
  const parts = Object.entries(content).flatMap(([name, value]) => {
    const parameter = byWireName.get(name)
    return isFile(parameter) ? filesOf(name, value, args) : fieldsOf(name, value, parameter)
  })
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: Buffer.concat([
      ...parts.flatMap(({ head, bytes }) => [
        Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; ${head}\r\n\r\n`),
        bytes,
        Buffer.from('\r\n'),
      ]),
      Buffer.from(`--${boundary}--\r\n`),
    ]),
  }
}

type Part = { head: string; bytes: Buffer }

const isFile = (parameter: Parameter | undefined): boolean =>
  parameter?.type === 'file' || (parameter?.type === 'array' && parameter.items?.type === 'file')

const fieldsOf = (name: string, value: unknown, parameter: Parameter | undefined): Part[] =>
  writePairs(name, value, { style: parameter?.style, encode: (text) => text }).map(
    ([key, text]) => ({ head: `name="${quoted(decodeURIComponent(key))}"`, bytes: Buffer.from(text) }), // prettier-ignore
  )

const filesOf = (name: string, value: unknown, args: Arguments): Part[] =>
  (Array.isArray(value) ? (value as unknown[]) : [value]).map((item) => {
    const { bytes, type = 'application/octet-stream', extension } = fileContent(asText(item))
    const given = args['filename'] ?? args['file_name']
    const filename = typeof given === 'string' ? given : `${name}${extension}`
    const head = `name="${quoted(name)}"; filename="${quoted(filename)}"\r\ncontent-type: ${type}`
    return { head, bytes }
  })

/** As browsers write it: https://html.spec.whatwg.org/#multipart-form-data */
const quoted = (text: string): string =>
  text.replace(/["\r\n]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
