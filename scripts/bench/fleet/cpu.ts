import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'

const SAMPLE_MS = 1_000
/** Linux counts in hundredths of a second towards programs, whatever the kernel does (sysconf(_SC_CLK_TCK)). */
const TICK_MS = 10

/** Processor time that processes and their ended children took so far. Of all times it is the one least disturbed by others. */
export const readCpuMs = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + own(pid) + children(pid), 0)

/** The same of this process's ended children: the commands that were run. */
export const readCommandsCpuMs = (): number => children(process.pid)

const own = (pid: number): number => ticks(pid, [14, 15])
const children = (pid: number): number => ticks(pid, [16, 17])

/** @param fields numbered as in proc(5), of /proc/<pid>/stat */
const ticks = (pid: number, fields: readonly number[]): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fromThird = stat.slice(stat.lastIndexOf(')') + 2).split(' ') // the name before may hold blanks
  return fields.reduce((sum, field) => sum + Number(fromThird[field - 3]) * TICK_MS, 0)
}

/** Share of all processors, 0 to 1, that is in use now. */
export const readBusyShare = async (): Promise<number> => {
  const [idleBefore, allBefore] = readTimes()
  await delay(SAMPLE_MS)
  const [idle, all] = readTimes()
  return 1 - (idle - idleBefore) / Math.max(1, all - allBefore)
}

const readTimes = (): [idle: number, all: number] => {
  const times = cpus().map((cpu) => cpu.times)
  const sum = (of: (time: (typeof times)[number]) => number) =>
    times.reduce((total, time) => total + of(time), 0)
  return [sum((time) => time.idle), sum((time) => Object.values(time).reduce((a, b) => a + b, 0))]
}
