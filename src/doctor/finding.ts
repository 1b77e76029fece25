export type Level = 'ok' | 'warning' | 'error'

/** What a check says; `fix` is the command that mends it. Both `why` and `fix` are empty when all is well. */
export type Verdict = { level: Level; what: string; why: string; fix: string }

export type Finding = { check: string } & Verdict

/** One thing to look at. It may throw: that becomes a finding too. */
export type Check = { name: string; run: () => Verdict[] | Promise<Verdict[]> }

type Trouble = Omit<Verdict, 'level'>

export const ok = (what: string): Verdict => ({ level: 'ok', what, why: '', fix: '' })
export const warning = (trouble: Trouble): Verdict => ({ level: 'warning', ...trouble })
export const error = (trouble: Trouble): Verdict => ({ level: 'error', ...trouble })

/** The first few of many, for a line that a person reads. */
export const someOf = (items: readonly (string | number)[], limit = 5): string => {
  const shown = items.slice(0, limit).join(', ')
  return items.length > limit ? `${shown} and ${items.length - limit} more` : shown
}

/** Bytes as a person reads them. */
export const mebibytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`
