/**
 * An array as Postgres writes it, for `$1::text::text[]`: in batches of thousands this is several times as fast as the
 * driver's own, and works with every driver.
 *
 * @param values null: SQL's null
 */
export const arrayText = (values: readonly (string | null)[]): string =>
  `{${values.map((value) => (value === null ? 'NULL' : quoted(value))).join(',')}}`

/** What needs no quotes is most of it: hex, base64url, handles, ids. */
const PLAIN = /^[\w.:-]+$/

const quoted = (value: string): string =>
  PLAIN.test(value) && value.toLowerCase() !== 'null'
    ? value
    : `"${value.replace(/[\\"]/g, '\\$&')}"`
