import { ALTERNATIVES, logMean, logOfOneMore, logRatio } from './likelihood.ts'

/** By chance it is reached once in 1,000 comparisons, as long as none has more than 10,000 requests by the new path. */
const WORSE = Math.log(1_000 * 10_000)
/** So many requests by the old path must go well after that, one after the other: else the API may be down for both. */
const CONFIRMING = 2
/** For the same reason what the last of them say is believed at once. */
const RECENT = 10

/**
 * Finds a path that went well for long and fails now, whenever that began: ratios that begin anew with each request
 * (Shiryaev and Roberts). Those from the beginning would have to make up for every good request first.
 */
export const createFailingSince = (strictness: number) => {
  const ratios = ALTERNATIVES.map(() => -Infinity)
  let recent: boolean[] = []
  let confirmed = 0
  const isDoubtful = (): boolean => logMean(ratios) > WORSE + strictness
  return {
    /** A request by the new path; `usual`: the share of errors that each alternative grants the old one. */
    weigh: (isError: boolean, usual: readonly number[]): void => {
      const now = recent.filter(Boolean).length / RECENT
      for (const [index, { more }] of ALTERNATIVES.entries()) {
        const share = Math.max(usual[index] ?? 0, now)
        ratios[index] = logOfOneMore(ratios[index] ?? 0) + logRatio(isError, share + more, share)
      }
    },
    /** A request by the old path. @returns whether the new one fails for sure */
    confirm: (isError: boolean): boolean => {
      recent = [...recent.slice(1 - RECENT), isError]
      confirmed = isDoubtful() && !isError ? confirmed + 1 : 0
      if (isError && isDoubtful()) ratios.fill(-Infinity)
      return confirmed >= CONFIRMING
    },
    isDoubtful,
  }
}
