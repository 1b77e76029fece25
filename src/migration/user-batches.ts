type Reader<Row> = { next: () => Promise<Row[]> }
type OfUser = { userId: string | null }

/** Few enough to be written within one short transaction, and to keep memory small. */
const BATCH = 1_000

/**
 * Rows ordered by user, in batches that never part a user's rows: which of them wins is decided among all. While one batch
 * is worked on, the next is read.
 */
export const readUserBatches = async function* <Row extends OfUser>(
  reader: Reader<Row>,
): AsyncGenerator<Row[]> {
  let held: Row[] = []
  let coming = ahead(reader)
  for (;;) {
    const rows = await coming
    if (rows.length === 0) break
    coming = ahead(reader)
    held.push(...rows)
    const end = wholeUsers(held)
    if (end < BATCH) continue
    yield held.slice(0, end)
    held = held.slice(end)
  }
  if (held.length > 0) yield held
}

/** What fails is thrown where it is awaited. */
const ahead = <Row>(reader: Reader<Row>): Promise<Row[]> => {
  const rows = reader.next()
  rows.catch(() => undefined)
  return rows
}

/** Up to where all rows of each user are there; rows without a user belong to nobody's group. */
const wholeUsers = (rows: readonly OfUser[]): number => {
  const last = rows.at(-1)?.userId
  if (last === null || last === undefined) return rows.length
  let end = rows.length
  while (end > 0 && rows[end - 1]?.userId === last) end -= 1
  return end
}
