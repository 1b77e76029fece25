import { readFileSync } from 'node:fs'
import type { OwnProcess } from './own-processes.ts'

/** PSS in bytes: pages that several processes share are divided among them, so that sums are true. */
export type Memory = {
  hostProcesses: number
  /** Of the processes that serve services. */
  hostsBytes: number
  /** Of all: hosts, PM2, and main-api where there is one. */
  wholeBytes: number
}

/**
 * Reads the memory of processes. Shared pages are divided among all processes of the machine that map them, so other
 * node programs beside the benchmark make its figures smaller, those of few processes most.
 */
export const readMemory = (own: readonly OwnProcess[]): Memory => {
  const sizes = own.map((process) => ({ ...process, bytes: pssOf(process.pid) }))
  const hosts = sizes.filter(({ role }) => role === 'host')
  const sum = (of: typeof sizes) => of.reduce((total, { bytes }) => total + bytes, 0)
  return { hostProcesses: hosts.length, hostsBytes: sum(hosts), wholeBytes: sum(sizes) }
}

/** @throws Error when the process has ended: a fleet that loses processes is not the one to be measured */
const pssOf = (pid: number): number => {
  const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))
  return Number(kilobytes?.[1] ?? 0) * 1024
}
