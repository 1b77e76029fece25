import { readFileSync } from 'node:fs'

const field = (pid: number, name: string): number => {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) * 1024
}

export const MIB = 1024 * 1024

/** Bytes that a process has in memory now. */
export const residentBytes = (pid: number): number => field(pid, 'VmRSS')

/** The most that it ever had. */
export const peakBytes = (pid: number): number => field(pid, 'VmHWM')
