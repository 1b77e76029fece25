import { readFileSync } from 'node:fs'
import { AppError } from '../base/errors.ts'
import { error, ok, type Verdict } from './finding.ts'

/** PM2's daemon holds pipes, log files and a channel per app (measured: 2633 for 373). */
const PER_APP = 7
/** Connections of clients and to upstream APIs, and what a process has open of its own. */
const SOCKETS = 512

export type DescriptorsNeeds = { apps: number; services: number; limitsFile: string }

/** Node lifts its soft limit to the hard one when it starts, so what stands here is what the fleet gets. */
export const checkDescriptors = ({ apps, services, limitsFile }: DescriptorsNeeds): Verdict[] => {
  const need = apps * PER_APP + services + SOCKETS
  const limit = softLimit(readFileSync(limitsFile, 'utf8'), limitsFile)
  const figures = `${Number.isFinite(limit) ? limit : 'unlimited'} open files allowed, about ${need} needed`
  if (limit >= need) return [ok(figures)]
  return [
    error({
      what: figures,
      why: `${PER_APP} for each of ${apps} PM2 apps, 1 for each of ${services} services, and ${SOCKETS} for sockets: without them connections fail with EMFILE`,
      fix: `ulimit -n ${need} && berth down && berth up (under systemd: LimitNOFILE=65536, as berth startup writes it)`,
    }),
  ]
}

const softLimit = (limits: string, file: string): number => {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1]
  if (soft === undefined) throw new AppError('internal', `${file} names no "Max open files".`)
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft)
}
