import { z } from 'zod'
import { isoTime } from '../shapes.ts'

const pid = z.int().nullable()

const service = z
  .object({
    service: z.string(),
    port: z.int(),
    host: z.string(),
    pid,
    state: z.enum([
      'healthy', 'degraded', 'unhealthy', 'starting', 'stopped', 'quarantined', 'planned',
    ]), // prettier-ignore
    since: isoTime,
    restarts: z.int(),
    cause: z.string().optional(),
    reason: z.string().optional(),
  })
  .meta({ id: 'ServiceStatus' })

const host = z
  .object({
    name: z.string(),
    pid,
    state: z.enum(['online', 'stopped', 'errored', 'starting']),
    services: z.int(),
    memoryBytes: z.number(),
    restarts: z.int(),
  })
  .meta({ id: 'HostStatus' })

const daemon = z
  .object({
    state: z.enum(['running', 'stopped']),
    pid,
    url: z.string(),
    since: isoTime.nullable(),
    version: z.string(),
    database: z.enum(['embedded', 'postgres']),
    sandbox: z.string().nullable(),
    pm2Home: z.string(),
  })
  .meta({ id: 'DaemonStatus' })

const gateway = z
  .object({
    state: z.enum(['running', 'degraded', 'stopped']),
    port: z.int(),
    pid,
    wanted: z.int(),
    processes: z.array(z.int()),
    memoryBytes: z.number(),
    restarts: z.int(),
  })
  .meta({ id: 'GatewayStatus' })

/** A config that cannot be used. */
export const leftOutShape = z.object({
  file: z.string(),
  path: z.string(),
  message: z.string(),
  kept: z.string().optional().describe('The service that goes on with the config it had.'),
})

/** The shape of `berth status --json`. */
export const fleetStatusShape = z
  .looseObject({
    services: z.array(service),
    hosts: z.array(host),
    daemon,
    gateway: gateway.nullable(),
    leftOut: z.array(leftOutShape).readonly(),
  })
  .meta({ id: 'FleetStatus' })
