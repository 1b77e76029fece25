/**
 * Rows as `copy … from stdin` reads them: a line each, its values between tabs. Of all ways into a table it is the fastest.
 *
 * @param rows null: SQL's null
 */
export const copyText = (rows: readonly (readonly (string | null)[])[]): string => {
  let text = ''
  for (const row of rows) {
    let separator = ''
    for (const value of row) {
      text += separator + (value === null ? '\\N' : escaped(value))
      separator = '\t'
    }
    text += '\n'
  }
  return text
}

const SPECIAL = /[\\\t\n\r]/
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' } // prettier-ignore

/** Most values have nothing to escape. */
const escaped = (value: string): string =>
  SPECIAL.test(value) ? value.replace(/[\\\t\n\r]/g, (special) => ESCAPES[special] ?? '') : value
