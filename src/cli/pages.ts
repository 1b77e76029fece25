import type { Page } from '../model/account.ts'

/** Every page of a list, one after the other. */
export const everyPage = async <T>(
  page: (cursor: string | undefined) => Promise<Page<T>>,
): Promise<T[]> => {
  const all: T[] = []
  let cursor: string | null | undefined
  do {
    const { items, nextCursor } = await page(cursor ?? undefined)
    all.push(...items)
    cursor = nextCursor
  } while (cursor !== null)
  return all
}
