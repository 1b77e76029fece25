import { createBoundedLines } from '../../base/bounded-lines.ts'
import { toLine, type Fields, type LogLevel } from '../../base/log-line.ts'
import { redactText } from '../../base/redact.ts'

type Output = Pick<NodeJS.WriteStream, 'write'>
type Source = { service: string; level: LogLevel }
type Written = (error?: Error | null) => void

/** Without a line break a line ends here. */
const MAX_LINE = 64 * 1024

/**
 * Makes a stream write lines of the log: a line that is no JSON object becomes the event of one, with time and service; one
 * that is stays as it is. Secrets are blotted out, and who floods loses lines, which the log says.
 */
export const boundOutput = (output: Output, { service, level }: Source, now = Date.now): void => {
  const writeThrough: (text: string) => boolean = output.write.bind(output)
  const decoder = new TextDecoder() // a character may come in two pieces
  let pending = ''
  const write = createBoundedLines((_level, line) => void writeThrough(`${line}\n`), format, now)
  const take = (text: string): void => {
    const lines = (pending + text).split('\n')
    pending = lines.pop() ?? ''
    if (pending.length > MAX_LINE) lines.push(pending.slice(0, MAX_LINE))
    if (pending.length > MAX_LINE) pending = pending.slice(MAX_LINE)
    for (const line of lines)
      if (line !== '') write(level, { service, part: 'program', event: line })
  }
  process.on('exit', () => {
    if (pending !== '') take('\n')
  })
  output.write = (chunk: string | Uint8Array, encoding?: unknown, done?: Written): boolean => {
    take(typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))
    const callback = (typeof encoding === 'function' ? encoding : done) as Written | undefined
    if (callback) process.nextTick(callback)
    return true
  }
}

const format = (level: LogLevel, fields: Fields): string => {
  const event = redactText(String(fields['event']))
  return event.startsWith('{') && isObject(event) ? event : toLine(level, { ...fields, event })
}

const isObject = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
