/** Longer words are no misspelt names, and comparing them costs. */
const MAX_LENGTH = 100

/** The candidate that looks most like a misspelt word, when one is near enough: for "did you mean…". */
export const nearest = (word: string, candidates: readonly string[]): string | undefined =>
  nearestFew(word, candidates, 1)[0]

/** The nearest ones that are near enough, at most `most`. */
export const nearestFew = (word: string, candidates: readonly string[], most: number): string[] => {
  if (word.length > MAX_LENGTH) return []
  const enough = Math.max(1, Math.floor(word.length / 3))
  return candidates
    .map((candidate) => ({
      candidate,
      distance: editDistance(word.toLowerCase(), candidate.toLowerCase()),
    }))
    .filter(({ distance }) => distance <= enough)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map(({ candidate }) => candidate)
}

/** Levenshtein's distance, where two letters in the wrong order are one slip and not two; three rows at a time. */
const editDistance = (a: string, b: string): number => {
  let rows: Rows = {
    previous: Array.from({ length: b.length + 1 }, (_, index) => index),
    before: [],
  }
  for (let i = 1; i <= a.length; i++) rows = { previous: nextRow(a, b, { i, ...rows }), before: rows.previous } // prettier-ignore
  return rows.previous[b.length] ?? 0
}

type Rows = { previous: readonly number[]; before: readonly number[] }

const nextRow = (a: string, b: string, { i, previous, before }: Rows & { i: number }): number[] => {
  const at = (row: readonly number[], j: number) => row[j] ?? Infinity
  const row = [i]
  for (let j = 1; j <= b.length; j++) {
    const isSwapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
    row[j] = Math.min(
      at(row, j - 1) + 1,
      at(previous, j) + 1,
      at(previous, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1),
      isSwapped ? at(before, j - 2) + 1 : Infinity,
    )
  }
  return row
}

/** `did you mean "x"?` with a leading blank, or nothing. */
export const suggestion = (word: string, candidates: readonly string[]): string => {
  const near = nearest(word, candidates)
  return near === undefined ? '' : `; did you mean "${near}"?`
}
