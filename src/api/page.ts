import type { Page } from '../model/account.ts'
import { writeCursor } from './cursor.ts'

/** How many rows of a list go into one answer. */
export const PAGE = 200

/** What of `PAGE + 1` found is shown, and where the next page begins. */
export const toPage = <T>(found: readonly T[], placeOf: (last: T) => unknown): Page<T> => {
  const items = found.slice(0, PAGE)
  const last = found.length > PAGE ? items.at(-1) : undefined
  return { items, nextCursor: last === undefined ? null : writeCursor(placeOf(last)) }
}
