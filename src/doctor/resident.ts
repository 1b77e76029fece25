import { readFileSync } from 'node:fs'

/** What processes have in memory. Pages that they share count for each, so this is rather too much than too little. */
export const residentBytes = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + residentOf(pid), 0)

const residentOf = (pid: number): number => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024
  } catch {
    return 0 // it has ended
  }
}
