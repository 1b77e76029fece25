export type LogLevel = 'error' | 'warn' | 'info' | 'debug'
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const satisfies LogLevel[]

export type Fields = Record<string, unknown>

/** One JSON line for one entry. */
export const toLine = (level: string, fields: Fields): string =>
  JSON.stringify({ time: new Date().toISOString(), level, ...fields })

const COLOURS: Readonly<Record<string, number>> = { error: 31, warn: 33, debug: 2 }

/** One line for people: `12:34:56.789 warn  supervisor host ended  host=mcp-figma cause="exit 1"`. */
export const toPrettyLine = (level: string, fields: Fields, time = new Date()): string => {
  const { part, event, ...rest } = fields
  const colour = COLOURS[level] ?? 36
  const said = Object.entries(rest).map(([name, value]) => ` \u001b[2m${name}=\u001b[0m${valueOf(value)}`) // prettier-ignore
  const head = `\u001b[2m${time.toISOString().slice(11, 23)}\u001b[0m \u001b[${colour}m${level.padEnd(5)}\u001b[0m`
  return `${head} ${textOf(part)} \u001b[1m${textOf(event)}\u001b[0m ${said.join('')}`
}

/** The same without time and colours, for where lines of several kinds stand together. */
export const toPlainText = (level: string, fields: Fields): string => {
  const { part, event, ...rest } = fields
  const said = Object.entries(rest).map(([name, value]) => `${name}=${valueOf(value)}`)
  return [level, textOf(part), textOf(event), ...said].filter(Boolean).join(' ')
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** A word stands as it is; an error keeps the lines of its stack. */
const valueOf = (value: unknown): string => {
  if (typeof value === 'string') return /^[\w.:/@-]+$/.test(value) ? value : JSON.stringify(value)
  if (typeof value === 'object' && value !== null && 'stack' in value)
    return `\n  ${textOf(value.stack).replaceAll('\n', '\n  ')}`
  return value === undefined ? '' : JSON.stringify(value)
}
