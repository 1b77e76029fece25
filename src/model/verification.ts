/**
 * What is known of a key. `valid`: the API said yes. `invalid`: it refused the key. `unreachable`: it said nothing about
 * the key (no answer, 429, 5xx). `unverifiable`: the service has no recipe, or the recipe does not fit the API.
 */
export const OUTCOMES = ['valid', 'invalid', 'unreachable', 'unverifiable'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** What one check brought. */
export type Verification = {
  outcome: Outcome
  /** How the API names the account. */
  account?: string | undefined
}

/** Marks the daemon's `POST /verify`; nothing that a client sends under `x-berth-` reaches a host. */
export const VERIFY_HEADER = 'x-berth-verify'

/** What is remembered of an instance's checks. */
export type CheckState = {
  verification: Outcome
  account: string | null
  /** When the API last said something about the key. */
  verifiedAt: Date | null
  /** Checks in a row that did not say yes. */
  checkTries: number
  /** When it is checked next; null: never by itself. */
  checkAt: Date | null
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** A valid key is asked about daily. */
const VALID_MS = DAY_MS
/** A recipe may come with a later registry. */
const UNVERIFIABLE_MS = 7 * DAY_MS
const UNREACHABLE_MS = [MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 12 * HOUR_MS]
/** Before a working key counts as refused it is asked about twice: APIs err at times. */
const DOUBT_MS = 10 * MINUTE_MS
const INVALID_MS = [HOUR_MS, HOUR_MS, HOUR_MS, DAY_MS, DAY_MS, DAY_MS, DAY_MS, DAY_MS]

/** The state of an instance that was just made, or got another key. */
export const firstCheck = (result: Verification, now: Date): CheckState => {
  const unknown: CheckState = { verification: result.outcome, account: null, verifiedAt: null, checkTries: 0, checkAt: null } // prettier-ignore
  return nextCheck(unknown, result, { now, isAsked: true })
}

/**
 * What follows from a check. An API that says nothing about the key changes nothing that is known of it. By schedule the
 * first refusal of a key is only a doubt; when somebody asks, they are told at once and so are the tools.
 */
export const nextCheck = (
  before: CheckState,
  { outcome, account }: Verification,
  { now, isAsked }: { now: Date; isAsked: boolean },
): CheckState => {
  const at = (ms: number | undefined) => (ms === undefined ? null : new Date(now.getTime() + ms))
  const tries = before.checkTries + 1
  switch (outcome) {
    case 'valid':
      return { verification: 'valid', account: account ?? null, verifiedAt: now, checkTries: 0, checkAt: at(VALID_MS) } // prettier-ignore
    case 'unverifiable':
      return { ...before, verification: outcome, checkTries: 0, checkAt: at(UNVERIFIABLE_MS) }
    case 'unreachable': {
      const verification = before.verification === 'unverifiable' ? outcome : before.verification
      return { ...before, verification, checkTries: tries, checkAt: at(UNREACHABLE_MS[tries - 1] ?? DAY_MS) } // prettier-ignore
    }
    case 'invalid':
      if (!isAsked && tries === 1)
        return { ...before, checkTries: tries, checkAt: at(DOUBT_MS) }
      return { ...before, verification: outcome, verifiedAt: now, checkTries: tries, checkAt: at(INVALID_MS[tries - 1]) } // prettier-ignore
  }
}
