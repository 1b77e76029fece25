/** The additional share of errors that is not accepted. */
export const MARGIN = 0.05

/**
 * What is held against `no more errors`: small differences take many requests, great ones few. Half of what a test may
 * err by is for the greatest, which shall be found at once. `doubt`: how many standard errors the old path may be worse than
 * it has looked so far; an unlucky beginning would mislead the small ones.
 */
export const ALTERNATIVES = [
  { more: 0.5, weight: 0.5, doubt: 0 },
  { more: 0.25, weight: 0.2, doubt: 1 },
  { more: 0.1, weight: 0.15, doubt: 2 },
  { more: MARGIN, weight: 0.15, doubt: 2 },
]

const MOST = 0.99

/** The logarithm of how much likelier this is if errors have the one share instead of the other. */
export const logRatio = (isError: boolean, assumed: number, usual: number): number => {
  const bounded = Math.min(assumed, MOST)
  const least = Math.min(usual, MOST)
  return isError ? Math.log(bounded / least) : Math.log((1 - bounded) / (1 - least))
}

/** The logarithm of the weighed mean of what the alternatives say. */
export const logMean = (ratios: readonly number[]): number => {
  const greatest = Math.max(...ratios)
  if (greatest === -Infinity) return greatest
  const parts = ALTERNATIVES.map(({ weight }, index) => weight * Math.exp((ratios[index] ?? 0) - greatest)) // prettier-ignore
  return greatest + Math.log(parts.reduce((sum, one) => sum + one, 0))
}

/** The logarithm of 1 + what has this logarithm. */
export const logOfOneMore = (log: number): number =>
  Math.max(log, 0) + Math.log1p(Math.exp(-Math.abs(log)))
