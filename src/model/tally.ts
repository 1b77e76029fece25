/** Above all that is counted by a word. */
const MAX_WORDS = 500

/** Counts what happened by one word each, in plain numbers; words beyond a bound count as `other`. */
export const createTally = () => {
  const counts = new Map<string, number>()
  return {
    count: (word: string, by = 1): void => {
      const key = counts.has(word) || counts.size < MAX_WORDS ? word : 'other'
      counts.set(key, (counts.get(key) ?? 0) + by)
    },
    counts: (): ReadonlyMap<string, number> => counts,
  }
}
