// What sweeps cost: CPU of this process and of the one that answers, for a number of services.
// npm run bench:health [-- SERVICES…]
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { silentLog } from '../../../src/base/log.ts'
import { createHealth } from '../../../src/health/health.ts'
import { createOwnedProbe } from '../../../src/health/owned-probe.ts'
import { probeService } from '../../../src/health/probe.ts'

const SWEEPS = 5
const INTERVAL_MS = 30_000
const TICKS_PER_SECOND = 100

/** User and system time of another process, ms. */
const cpuOf = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS_PER_SECOND
}
const ownCpu = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

const startServices = async (count: number) => {
  const program = join(import.meta.dirname, 'services.ts')
  const child = spawn(process.execPath, ['--import=tsx', program, String(count)], { stdio: ['ignore', 'pipe', 'inherit'] }) // prettier-ignore
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return { child, pid: child.pid ?? 0, ports: JSON.parse(line) as number[] }
}

const measure = async (count: number): Promise<void> => {
  const { child, pid, ports } = await startServices(count)
  const targets = ports.map((port, index) => ({ service: `s${index}`, port }))
  const monitor = createHealth({
    targets: () => targets,
    probe: createOwnedProbe({ probe: probeService, pidOf: () => pid, refresh: () => Promise.resolve(), listenersOn: () => [] }), // prettier-ignore
    sweepCron: '0 0 29 2 *',
    recheckMs: 100,
    repeatMs: 1_000,
    onUnhealthy: () => undefined,
    log: silentLog,
  })
  await monitor.sweep() // warms up
  const [own, theirs, startedAt] = [ownCpu(), cpuOf(pid), Date.now()]
  for (let sweep = 0; sweep < SWEEPS; sweep++) await monitor.sweep()
  const [ownMs, theirMs] = [(ownCpu() - own) / SWEEPS, (cpuOf(pid) - theirs) / SWEEPS]
  const lasts = (Date.now() - startedAt) / SWEEPS
  const well = targets.filter(({ service }) => monitor.healthOf(service)?.state === 'healthy')
  child.kill()
  console.log(
    `${count} services (${well.length} healthy): a sweep costs ${ownMs.toFixed(0)} ms CPU here, ${theirMs.toFixed(0)} ms in the hosts, ` +
      `lasts ${lasts.toFixed(0)} ms; every 30 s that is ${((100 * ownMs) / INTERVAL_MS).toFixed(2)} % of a core here, ` +
      `${((100 * (ownMs + theirMs)) / INTERVAL_MS).toFixed(2)} % together`,
  )
}

const wanted = process.argv
  .slice(2)
  .map(Number)
  .filter((count) => count > 0)
for (const count of wanted.length > 0 ? wanted : [374, 2_600]) await measure(count)
