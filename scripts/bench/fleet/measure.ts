import { setTimeout as delay } from 'node:timers/promises'
import { useAllOnce, waitForAll } from './answers.ts'
import { readBusyShare, readCommandsCpuMs, readCpuMs } from './cpu.ts'
import { checkPorts } from './fleet.ts'
import { readMemory, type Memory } from './memory.ts'
import { findOwn, type OwnProcess } from './own-processes.ts'
import type { Job, Prepared, Way } from './way.ts'
import type { Workspace } from './workspace.ts'

export type Figures = {
  /** From the command's start until the last service has answered. */
  upMs: number
  /** From the command's start until it returned. */
  commandMs: number
  /** Processor time that everything took to be up: the commands, PM2, daemon and hosts. */
  cpuMs: number
  /** At rest, no service used yet. */
  idle: Memory
  /** At rest again, after every service has listed its tools over MCP once. */
  used: Memory
  /** Share of the processors, 0 to 1, that others took just before. */
  othersShare: number
}

/** Until garbage is collected and timers of the start have run out. */
const SETTLE_MS = 5_000

/** Starts a fleet in one way, measures it, and ends it. `whileUp` is done before the services are used. */
export const measure = (
  way: Way,
  job: Job,
  whileUp: (prepared: Prepared) => Promise<void> = () => Promise.resolve(),
): Promise<Figures> =>
  prepareAndEnd(way, job, async (prepared) => {
    const othersShare = await readBusyShare()
    const times = await launch(way, job, prepared)
    const idle = await memoryAtRest(job)
    await whileUp(prepared)
    await useAllOnce(job.fleet.services, job.signal)
    return { ...times, idle, used: await memoryAtRest(job), othersShare }
  })

/** Starts and ends a fleet unmeasured: the first to be measured shall not pay for reading cold files. */
export const warmUp = (way: Way, job: Job): Promise<void> =>
  prepareAndEnd(way, job, async (prepared) => {
    await launch(way, job, prepared)
    await useAllOnce(job.fleet.services, job.signal)
  })

const prepareAndEnd = async <T>(
  way: Way,
  job: Job,
  work: (prepared: Prepared) => Promise<T>,
): Promise<T> => {
  const prepared = await way.prepare(job)
  try {
    await checkPorts(job.fleet)
    return await work(prepared)
  } finally {
    // Whatever a process says to its end, the database goes.
    await job.workspace.endProcesses().finally(prepared.release)
  }
}

const launch = async (
  { deadlineMs }: Way,
  { fleet, signal, workspace }: Job,
  prepared: Prepared,
) => {
  const startedAt = performance.now()
  const elapsed = () => performance.now() - startedAt
  const commandsBefore = readCommandsCpuMs()
  const failed = new AbortController()
  const returned = prepared.launch().then(elapsed, (error: unknown) => {
    failed.abort(error)
    throw error
  })
  const bounds = { deadlineMs, signal: AbortSignal.any([signal, failed.signal]) }
  const [commandMs, upMs] = await Promise.all([
    returned,
    waitForAll(fleet.services, bounds).then(elapsed),
  ])
  const commandsMs = readCommandsCpuMs() - commandsBefore
  const cpuMs = commandsMs + readCpuMs(ownOf(workspace).map(({ pid }) => pid))
  return { commandMs, upMs, cpuMs }
}

const memoryAtRest = async ({ workspace, signal }: Job): Promise<Memory> => {
  await delay(SETTLE_MS, undefined, { signal })
  return readMemory(ownOf(workspace))
}

const ownOf = ({ env }: Workspace): OwnProcess[] => findOwn(env['HOME'] ?? '')
