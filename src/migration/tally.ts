import type { Reason } from '../model/legacy-row.ts'

/** What a plan would do, or a run has done. */
export type Figures = {
  rows: number
  /** Moved now: new ones and changed ones. */
  moved: number
  /** Of those: their credentials went into the instance that is there. */
  updated: number
  /** Of those: lack a field that the service declares. */
  incomplete: number
  /** Were moved before and are the same. */
  unchanged: number
  /** Changed in the old world and here: what is here stays. */
  kept: number
  /** Were moved before and are no longer to be: their instances go. */
  dropped: number
  /** Were moved before, and their rows were deleted in the old world since: they stay. */
  sourceGone: number
  left: Partial<Record<Reason, number>>
  /** Handles that were taken, so that another end was used. */
  collisions: number
}

export type Tally = {
  add: (figures: Partial<Omit<Figures, 'left'>>) => void
  leave: (reason: Reason) => void
  figures: () => Figures
}

export const createTally = (): Tally => {
  const sums: Figures = {
    rows: 0, moved: 0, updated: 0, incomplete: 0, unchanged: 0, kept: 0, dropped: 0, sourceGone: 0, left: {}, collisions: 0,
  } // prettier-ignore
  return {
    add: ({ ...figures }) => {
      for (const [name, value] of Object.entries(figures)) sums[name as Exclude<keyof Figures, 'left'>] += value // prettier-ignore
    },
    leave: (reason) => {
      sums.left[reason] = (sums.left[reason] ?? 0) + 1
    },
    figures: () => ({ ...sums, left: { ...sums.left } }),
  }
}
