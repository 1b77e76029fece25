import { readFileSync } from 'node:fs'
import type { HostPlan } from '../model/fleet.ts'
import { error, mebibytes, ok, warning, type Verdict } from './finding.ts'

const MIB = 1024 ** 2

/** Measured, with 373 services on two cores; the services' own traffic comes on top. */
const NEED_MIB = { packedHost: 35, dedicatedHost: 16, daemon: 90, embeddedDatabase: 700, pm2: 70 }

export type MemoryNeeds = {
  hosts: readonly HostPlan[]
  isEmbedded: boolean
  meminfoFile: string
  /** What a container may use in all; undefined: no limit. */
  limitBytes: number | undefined
  /** What this home's processes use already. */
  usedBytes: number
}

/** Whether what the plan needs and does not have yet fits into what is free. */
export const checkMemory = (needs: MemoryNeeds): Verdict[] => {
  const { needBytes, said } = estimate(needs)
  const meminfo = readFileSync(needs.meminfoFile, 'utf8')
  const limit = needs.limitBytes ?? Number.POSITIVE_INFINITY
  const free = Math.min(kilobytes(meminfo, 'MemAvailable') * 1024, limit - needs.usedBytes)
  const missing = Math.max(0, needBytes - needs.usedBytes)
  const figures = `the plan needs about ${mebibytes(needBytes)} (${said}), its processes use ${mebibytes(needs.usedBytes)}, ${mebibytes(Math.max(0, free))} are free`
  if (missing <= free) return [ok(figures)]
  const trouble = {
    what: figures,
    fix: needs.isEmbedded
      ? 'set DATABASE_URL: the embedded database takes most of it; or fewer services with BERTH_SERVICES'
      : 'BERTH_ISOLATION=packed with fewer BERTH_HOSTS, or fewer services with BERTH_SERVICES',
  }
  const swap = Number.isFinite(limit) ? 0 : kilobytes(meminfo, 'SwapFree') * 1024
  return missing <= free + swap
    ? [warning({ ...trouble, why: 'the fleet fits only with the help of swap: it will be slow' })]
    : [error({ ...trouble, why: 'the kernel will end processes when memory runs out' })]
}

const estimate = ({ hosts, isEmbedded }: MemoryNeeds): { needBytes: number; said: string } => {
  const packed = hosts.filter(({ kind }) => kind === 'packed').length
  const dedicated = hosts.length - packed
  const parts = [
    { mib: packed * NEED_MIB.packedHost, said: `${packed} packed hosts` },
    { mib: dedicated * NEED_MIB.dedicatedHost, said: `${dedicated} dedicated hosts` },
    { mib: NEED_MIB.daemon, said: 'daemon' },
    { mib: isEmbedded ? NEED_MIB.embeddedDatabase : 0, said: 'embedded database' },
    { mib: NEED_MIB.pm2, said: 'PM2' },
  ].filter(({ mib }) => mib > 0)
  return {
    needBytes: parts.reduce((sum, { mib }) => sum + mib, 0) * MIB,
    said: parts.map(({ mib, said }) => `${said} ${mib}`).join(', '),
  }
}

const kilobytes = (meminfo: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(meminfo)?.[1] ?? 0)
