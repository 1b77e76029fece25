import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

/** Facts from /proc. Whatever cannot be read (another user's process, one that just ended) counts as not there. */
const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Processes of this user whose environment holds `variable=value`, besides the asking one. */
export const findProcessesWith = (variable: string, value: string): number[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => pid !== process.pid && hasVariable(pid, variable, value))

/** Whether a process of this user has `variable=value` in the environment that it was started with. */
export const hasVariable = (pid: number, variable: string, value: string): boolean =>
  (read(`/proc/${pid}/environ`) ?? '').split('\0').includes(`${variable}=${value}`)

/** The command line of a process, blank-separated. */
export const commandOf = (pid: number): string =>
  (read(`/proc/${pid}/cmdline`) ?? '').split('\0').join(' ').trim()

/** Whether a process runs; one that has ended and waits for its parent does not. */
export const isRunning = (pid: number): boolean => {
  const state = /\) (\S)/.exec(read(`/proc/${pid}/stat`) ?? '')?.[1]
  return state !== undefined && state !== 'Z'
}

/** More generations than any launcher puts between itself and what it runs. */
const MAX_GENERATIONS = 8

/** A process, its parent, the parent of that, … */
export const lineageOf = (pid: number): number[] => {
  const lineage: number[] = []
  for (let current = pid; lineage.length < MAX_GENERATIONS && current > 1; current = parentOf(current)) lineage.push(current) // prettier-ignore
  return lineage
}

/** Whether a process is another one, or descends from it. */
export const isWithin = (pid: number, ancestor: number | undefined): boolean =>
  ancestor !== undefined && lineageOf(pid).includes(ancestor)

const parentOf = (pid: number): number =>
  Number(/\) \S (\d+)/.exec(read(`/proc/${pid}/stat`) ?? '')?.[1] ?? 0)

/** Resident memory of a process; 0 when it has ended. */
export const residentBytesOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1] ?? 0) * 1024

/** A process and all that descend from it, those that live. */
export const treeOf = (pid: number): number[] => {
  const tree = [pid]
  for (const one of tree) if (tree.length < MAX_TREE) tree.push(...childrenOf(one))
  return tree
}
const MAX_TREE = 1_000

/** Each thread has children of its own. */
const childrenOf = (pid: number): number[] => {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      (read(`/proc/${pid}/task/${thread}/children`) ?? '').split(' ').filter(Boolean).map(Number),
    )
  } catch {
    return [] // it ended
  }
}

/** Resident memory of a process and all that it started. */
export const treeBytesOf = (pid: number): number =>
  treeOf(pid).reduce((sum, one) => sum + residentBytesOf(one), 0)

/** Clock ticks a second in /proc, the same on every Linux that Node runs on. */
const TICKS = 100

/** CPU time of a process and all that it started, user and system, also of those that ended; 0 when it has ended. */
export const treeCpuSecondsOf = (pid: number): number =>
  treeOf(pid).reduce((sum, one) => sum + ticksOf(one), 0) / TICKS

const ticksOf = (pid: number): number => {
  // The command, in parentheses, may hold blanks; the 12th to 15th fields after it are utime, stime, cutime and cstime.
  const fields = (read(`/proc/${pid}/stat`) ?? '').split(') ')[1]?.split(' ') ?? []
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
}

const TCP_LISTEN = '0A'

/** Who listens on a TCP port of this machine, when it is a process that this user may see. */
export const findListener = (port: number): { pid: number; command: string } | undefined => {
  const inodes = new Set(
    ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => listeningInodes(file, port)),
  )
  if (inodes.size === 0) return undefined
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry) || !holdsSocket(entry, inodes)) continue
    return { pid: Number(entry), command: commandOf(Number(entry)) }
  }
  return undefined
}

const listeningInodes = (file: string, port: number): string[] =>
  (read(file) ?? '').split('\n').slice(1).flatMap((line) => {
    const fields = line.trim().split(/\s+/)
    const local = fields[1]?.split(':')[1] ?? ''
    return fields[3] === TCP_LISTEN && Number.parseInt(local, 16) === port ? [fields[9] ?? ''] : []
  }) // prettier-ignore

const holdsSocket = (pid: string, inodes: ReadonlySet<string>): boolean => {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1]
      return inode !== undefined && inodes.has(inode)
    })
  } catch {
    return false // ended meanwhile, or another user's
  }
}

/** A process with clients closes descriptors while they are looked at: that one is gone says nothing of the others. */
const linkOf = (path: string): string => {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

const POLL_MS = 25

/** Waits until none of the processes runs. @returns those that still do at the deadline */
export const waitUntilGone = async (
  pids: readonly number[],
  deadlineMs: number,
): Promise<number[]> => {
  const until = Date.now() + deadlineMs
  for (;;) {
    const left = pids.filter(isRunning)
    if (left.length === 0 || Date.now() > until) return left
    await delay(POLL_MS)
  }
}

/** SIGTERM, then SIGKILL for what is left after the deadline. Ended processes are no error. */
export const endProcesses = async (pids: readonly number[], deadlineMs: number): Promise<void> => {
  signalAll(pids, 'SIGTERM')
  const stubborn = await waitUntilGone(pids, deadlineMs)
  signalAll(stubborn, 'SIGKILL')
  await waitUntilGone(stubborn, deadlineMs)
}

const signalAll = (pids: readonly number[], signal: NodeJS.Signals): void => {
  for (const pid of pids)
    try {
      process.kill(pid, signal)
    } catch {
      // it ended by itself
    }
}

/** How many file descriptors this process may have. */
export const maxOpenFiles = (): number => {
  const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  return soft === undefined ? Infinity : Number(soft)
}
