/** The kernel's notation for sets of ports: `1000,2000-2010`. */
export type Range = readonly [first: number, last: number]

export const parseRanges = (text: string): Range[] =>
  text
    .trim()
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((part): Range => {
      const [first = '', last = first] = part.split('-')
      return [Number(first), Number(last)]
    })

export const formatRanges = (ranges: readonly Range[]): string =>
  ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(',')

export const covers = (ranges: readonly Range[], port: number): boolean =>
  ranges.some(([first, last]) => first <= port && port <= last)

/** The same ports in the fewest ranges, in order. */
export const mergeRanges = (ranges: readonly Range[]): Range[] => {
  const merged: Range[] = []
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const before = merged.at(-1)
    if (before && first <= before[1] + 1)
      merged[merged.length - 1] = [before[0], Math.max(before[1], last)]
    else merged.push([first, last])
  }
  return merged
}

export const rangesOf = (ports: readonly number[]): Range[] =>
  mergeRanges(ports.map((port): Range => [port, port]))
