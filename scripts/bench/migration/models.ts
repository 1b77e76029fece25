import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { note } from '../../../src/cli/output.ts'
import { waitForAll } from '../fleet/answers.ts'
import { packed } from '../fleet/berth.ts'
import { readCpuMs } from '../fleet/cpu.ts'
import { writeFleet, type Fleet } from '../fleet/fleet.ts'
import { readMemory } from '../fleet/memory.ts'
import { findOwn } from '../fleet/own-processes.ts'
import { createWorkspace, type Workspace } from '../fleet/workspace.ts'
import { makeInstances, startInstances } from './model-fill.ts'
import { callAll } from './model-load.ts'

type ModelOptions = { users: number; services: number; idleSeconds: number; calls: number }
type Start = () => Promise<() => Promise<string[]>>

const FIRST_PORT = 25_000
const UP_MS = 120_000
const MIB = 1024 * 1024

/** Users times services in both models, one after the other; neither with its database. */
export const measureModels = async (options: ModelOptions): Promise<Record<string, string>> => {
  const workspace = createWorkspace()
  try {
    const { registry: from } = workspace
    const to = workspace.makeFolder('registry')
    const fleet = await writeFleet({ from, to, count: options.services, firstPort: FIRST_PORT })
    forgetVerification(fleet)
    return await compare(workspace, fleet, options)
  } finally {
    await workspace.remove()
  }
}

const compare = async (workspace: Workspace, fleet: Fleet, options: ModelOptions) => {
  const folder = workspace.makeFolder('shared')
  const { signal } = new AbortController()
  const prepared = await packed.prepare({ fleet, folder, workspace, signal })
  const filling = { workspace, home: join(folder, 'home'), users: options.users }
  try {
    note(`shared: ${options.users} users × ${options.services} services …`)
    const shared = await measure(workspace, options, async () => {
      await prepared.launch()
      await waitForAll(fleet.services, { deadlineMs: UP_MS, signal })
      return () => makeInstances(fleet, filling)
    })
    await workspace.endProcesses()
    note(`old: ${options.users * options.services} processes …`)
    const old = await measure(workspace, options, async () => {
      const urls = await startInstances(fleet, filling)
      return () => Promise.resolve(urls)
    })
    return report(old, shared)
  } finally {
    await workspace.endProcesses().finally(prepared.release)
  }
}

/** No made-up key shall be shown to a real API. */
const forgetVerification = ({ registryDir, services }: Fleet): void => {
  for (const { name } of services) {
    const file = join(registryDir, name, 'config.json')
    const config = JSON.parse(readFileSync(file, 'utf8')) as { auth: { verify?: unknown } }
    delete config.auth.verify
    writeFileSync(file, JSON.stringify(config))
  }
}

const measure = async (workspace: Workspace, options: ModelOptions, start: Start) => {
  const startedAt = performance.now()
  const fill = await start()
  const startSeconds = (performance.now() - startedAt) / 1000
  const urls = await fill()
  const own = findOwn(workspace.env['HOME'] ?? '')
  const pids = own.map(({ pid }) => pid)
  await callAll(urls, 1) // the first call loads code
  const before = readCpuMs(pids)
  await delay(options.idleSeconds * 1000)
  const rested = readCpuMs(pids)
  await callAll(urls, options.calls)
  const after = readCpuMs(pids)
  return {
    processes: own.length,
    startSeconds,
    memoryMiB: readMemory(own).wholeBytes / MIB,
    cpuSeconds: (after - before) / 1000,
    cpuMsPerCall: (after - rested) / (urls.length * options.calls),
  }
}

type ModelFigures = Awaited<ReturnType<typeof measure>>

const report = (old: ModelFigures, shared: ModelFigures): Record<string, string> =>
  Object.fromEntries(
    (Object.keys(old) as (keyof ModelFigures)[]).map((name) => {
      const less = (1 - shared[name] / old[name]) * 100
      const figures = `old ${old[name].toFixed(2)}, shared ${shared[name].toFixed(2)}`
      return [name, `${figures}: ${less.toFixed(1)} % less`]
    }),
  )
