const FORMULA = /^[=+\-@\t\r]/

/** RFC 4180. What a spreadsheet would take for a formula gets an apostrophe before it. */
const toCell = (value: unknown): string => {
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'string') return ''
  const safe = FORMULA.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Rows under the names of the first one's fields; nothing but the names for no rows. */
export const toCsv = <Row extends object>(
  columns: readonly (keyof Row & string)[],
  rows: readonly Row[],
): string =>
  [columns.join(','), ...rows.map((row) => columns.map((column) => toCell(row[column])).join(','))]
    .map((line) => `${line}\r\n`)
    .join('')
