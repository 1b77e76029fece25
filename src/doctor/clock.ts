import { error, ok, warning, type Verdict } from './finding.ts'
import type { DatedFile } from './newest-file.ts'

const OLDEST_YEAR = 2025
const TOLERANCE_MS = 60_000

export type ClockNeeds = { now: Date; newestFile: () => Promise<DatedFile | undefined> }

/** Tokens, sealed credentials and certificates live by the clock: one that is wrong refuses every request. */
export const checkClock = async ({ now, newestFile }: ClockNeeds): Promise<Verdict[]> => {
  if (now.getUTCFullYear() < OLDEST_YEAR)
    return [
      error({
        what: `the clock says ${now.toISOString()}`,
        why: 'certificates and tokens count as not valid yet',
        fix: 'sudo timedatectl set-ntp true',
      }),
    ]
  const newest = await newestFile()
  if (newest === undefined || newest.modifiedAt.getTime() - now.getTime() <= TOLERANCE_MS)
    return [ok(now.toISOString())]
  return [
    warning({
      what: `the clock says ${now.toISOString()}, but ${newest.file} is of ${newest.modifiedAt.toISOString()}`,
      why: 'the clock was set back, or was wrong before; expiry times are off by the difference',
      fix: 'sudo timedatectl set-ntp true',
    }),
  ]
}
