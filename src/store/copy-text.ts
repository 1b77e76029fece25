const FIRST_BYTES = 64 * 1024
/** UTF-8 has at most so many for each of a text's units. */
const MAX_UNIT_BYTES = 3

/**
 * Lines in one buffer, one by one: a single long text would have to be put together first, for four times as much.
 *
 * @param lines rows as `copy … from stdin` reads them: values between tabs, `\N` for null
 */
export const copyText = (lines: readonly string[]): Buffer => {
  let bytes = Buffer.allocUnsafe(FIRST_BYTES)
  let end = 0
  for (const line of lines) {
    const most = end + (line.length + 1) * MAX_UNIT_BYTES
    if (most > bytes.length) bytes = Buffer.concat([bytes.subarray(0, end)], 2 * most)
    end += bytes.write(`${line}\n`, end, 'utf8')
  }
  return bytes.subarray(0, end)
}

const SPECIAL = /[\\\t\n\r]/
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' } // prettier-ignore

/** A value in which may be anything. */
export const copyValue = (value: string | null): string => {
  if (value === null) return '\\N'
  return SPECIAL.test(value)
    ? value.replace(/[\\\t\n\r]/g, (special) => ESCAPES[special] ?? '')
    : value
}

/** Bytes, from hex. */
export const copyBytes = (hex: string | null): string => (hex === null ? '\\N' : `\\\\x${hex}`)
