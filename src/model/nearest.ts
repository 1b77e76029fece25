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

/** Levenshtein's distance, two rows at a time. */
const editDistance = (a: string, b: string): number => {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++)
      row[j] = Math.min(
        (row[j - 1] ?? 0) + 1,
        (previous[j] ?? 0) + 1,
        (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
      )
    previous = row
  }
  return previous[b.length] ?? 0
}

/** `did you mean "x"?` with a leading blank, or nothing. */
export const suggestion = (word: string, candidates: readonly string[]): string => {
  const near = nearest(word, candidates)
  return near === undefined ? '' : `; did you mean "${near}"?`
}
