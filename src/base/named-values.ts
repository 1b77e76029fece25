/** `name=value` pairs, separated by commas or lines, values percent-encoded: W3C baggage, as OpenTelemetry's variables have it. */
const PAIR = /^\s*([!#$%&'*+.^_`|~\w-]+)\s*=\s*([\x21-\x7e]*)\s*$/

/** @returns undefined when any of it is none */
export const parseNamedValues = (text: string): Record<string, string> | undefined => {
  const pieces = text.split(/[,\n]/).filter((piece) => piece.trim() !== '')
  const pairs = pieces.flatMap((piece) => {
    const [, name, value] = PAIR.exec(piece) ?? []
    return name === undefined || value === undefined ? [] : [[name, value] as const]
  })
  if (pairs.length < pieces.length) return undefined
  try {
    return Object.fromEntries(pairs.map(([name, value]) => [name, decodeURIComponent(value)]))
  } catch {
    return undefined // a percent sign that encodes nothing
  }
}

/** The text that parseNamedValues reads the same again. */
export const writeNamedValues = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join(',')
