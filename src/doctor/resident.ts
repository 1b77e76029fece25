import { residentBytesOf } from '../base/proc.ts'

/** What processes have in memory. Pages that they share count for each, so this is rather too much than too little. */
export const residentBytes = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + residentBytesOf(pid), 0)
