import { totalmem } from 'node:os'
import { join } from 'node:path'
import { isRunning } from '../base/proc.ts'
import { checkClock } from '../doctor/clock.ts'
import { checkDescriptors } from '../doctor/descriptors.ts'
import { checkDisk, freeBytesOf } from '../doctor/disk.ts'
import type { Check } from '../doctor/finding.ts'
import { checkGateway } from '../doctor/gateway.ts'
import { checkHeldPorts } from '../doctor/held-ports.ts'
import { checkMemory } from '../doctor/memory.ts'
import { findNewestFile } from '../doctor/newest-file.ts'
import { checkNode } from '../doctor/node.ts'
import { checkOrphans } from '../doctor/orphans.ts'
import { checkPm2Daemons } from '../doctor/pm2-daemons.ts'
import { checkPm2 } from '../doctor/pm2.ts'
import { listenersOn } from '../base/process-sockets.ts'
import { checkReservedPorts, type PortFiles } from '../doctor/reserved-ports.ts'
import { residentBytes } from '../doctor/resident.ts'
import { listeningGateways } from '../compose/gateway/state.ts'
import { GATEWAY_APP } from '../model/fleet.ts'
import { DAEMON_NAME } from '../compose/fleet/wanted.ts'
import { dataChecks } from './doctor-data-checks.ts'
import { installedPm2, runningPm2, type DoctorParts } from './doctor-facts.ts'

const PORT_FILES: PortFiles = {
  range: '/proc/sys/net/ipv4/ip_local_port_range',
  reserved: '/proc/sys/net/ipv4/ip_local_reserved_ports',
  sysctl: '/etc/sysctl.d/60-berth.conf',
}

/** Every check of `berth doctor` with what it needs, in the order in which they are shown. */
export const composeChecks = (parts: DoctorParts): Check[] => [
  { name: 'node', run: () => checkNode(process.versions.node) },
  {
    name: 'pm2',
    run: () => checkPm2({ installed: installedPm2(), running: () => runningPm2(parts.config) }),
  },
  ...machineChecks(parts),
  ...portChecks(parts),
  ...processChecks(parts),
  ...gatewayChecks(parts),
  ...dataChecks(parts),
]

const wanted = ({ fleet }: DoctorParts) =>
  'failure' in fleet ? { services: [], hosts: [], apps: [] } : fleet

const machineChecks = (parts: DoctorParts): Check[] => {
  const { config, facts } = parts
  const { services, hosts, apps } = wanted(parts)
  return [
    {
      name: 'memory',
      run: () =>
        checkMemory({
          hosts,
          isEmbedded: config.databaseUrl === undefined,
          meminfoFile: '/proc/meminfo',
          limitBytes: memoryLimit(),
          usedBytes: residentBytes([...facts.findPrograms(), ...facts.findPm2Daemons()]),
        }),
    },
    {
      name: 'descriptors',
      run: () => {
        // What PM2's daemon was given goes on to all its apps.
        const limitsFile = `/proc/${facts.findPm2Daemons()[0] ?? 'self'}/limits`
        return checkDescriptors({ apps: apps.length, services: services.length, limitsFile })
      },
    },
    {
      name: 'disk',
      run: () => checkDisk({ folder: config.home.root, freeBytes: freeBytesOf }),
    },
    {
      name: 'clock',
      run: () =>
        checkClock({ now: new Date(), newestFile: () => findNewestFile(config.home.root) }),
    },
  ]
}

/** Node answers with an absurdly large figure where no container sets a limit. */
const memoryLimit = (): number | undefined => {
  const limit = process.constrainedMemory()
  return limit > 0 && limit < totalmem() ? limit : undefined
}

const portChecks = (parts: DoctorParts): Check[] => {
  const { config, facts, fix } = parts
  const ports = new Map(wanted(parts).services.map(({ name, port }) => [port, name]))
  ports.set(config.port, DAEMON_NAME)
  if (config.gateways > 0) ports.set(config.gatewayPort, GATEWAY_APP)
  const ours = async () => {
    const holder = await facts.holder().catch(() => undefined)
    const managed = (await facts.managed())?.ours ?? []
    return new Set([...managed, ...facts.findPrograms(), ...(holder ? [holder.pid] : [])])
  }
  return [
    {
      name: 'reserved-ports',
      run: () => checkReservedPorts({ ports: [...ports.keys()], files: PORT_FILES, fix }),
    },
    { name: 'held-ports', run: () => checkHeldPorts({ ports, ours }) },
  ]
}

const GATEWAY_MS = 2_000

const gatewayChecks = ({ config, facts }: DoctorParts): Check[] => {
  const { gateways: wanted, gatewayPort: port } = config
  if (wanted === 0) return []
  const run = async () => {
    const listening = listeningGateways(config)
    const isFleetUp = (await facts.holder().catch(() => undefined)) !== undefined
    const isReady = async () => {
      const signal = AbortSignal.timeout(GATEWAY_MS)
      const answer = await fetch(`http://127.0.0.1:${port}/ready`, { signal }).catch(() => undefined) // prettier-ignore
      return answer?.ok
    }
    const logFile = join(config.home.logs, `${GATEWAY_APP}.log`)
    return checkGateway({ port, wanted, listening, isFleetUp, isReady, logFile })
  }
  return [{ name: 'gateway', run }]
}

const processChecks = ({ config, facts }: DoctorParts): Check[] => [
  {
    name: 'pm2-daemons',
    run: () =>
      checkPm2Daemons({
        find: facts.findPm2Daemons,
        listening: (pids) => listenersOn(join(config.pm2Home, 'rpc.sock'), pids),
        answers: async () => (await facts.managed()) !== undefined,
      }),
  },
  {
    name: 'orphans',
    run: () =>
      checkOrphans({
        find: facts.findPrograms,
        known: async () => (await facts.managed())?.all,
        isRunning,
      }),
  },
]
