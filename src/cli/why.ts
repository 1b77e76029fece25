import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../base/config.ts'
import { messageOf } from '../base/errors.ts'
import { toPlainText } from '../base/log-line.ts'
import { crashFileOf } from '../fleet/ecosystem.ts'
import { probeService } from '../health/probe.ts'
import { listLogFiles, logFilesElsewhere, statAll } from '../logs/log-files.ts'
import { readLog, type LogEntry } from '../logs/read-lines.ts'
import type { CrashRecord } from '../model/crash.ts'
import type { ServiceHealth } from '../model/health.ts'
import type { Service } from '../model/service.ts'
import { serviceUnknown } from '../model/service-unknown.ts'
import { readDecisions, type Decisions } from '../supervisor/state-file.ts'
import { loadWantedFleet, type WantedFleet } from '../compose/fleet/wanted.ts'
import type { CutoverView } from '../model/cutover.ts'
import { findDaemon } from './daemon-client.ts'
import { readEvents, type EventView } from './event-access.ts'
import { tellOfCutover } from './why-cutover.ts'

/** One thing that happened, or was seen. */
type WhyEntry = {
  /** ISO 8601. */
  at: string
  kind: 'event' | 'evidence' | 'crash' | 'log' | 'probe'
  text: string
  data?: Readonly<Record<string, unknown>>
}

export type Why = {
  service: string
  port: number
  host: string
  /** Oldest first. */
  timeline: WhyEntry[]
  health: ServiceHealth | undefined
  /** What could not be looked at, and why. */
  missing: string[]
}

type Asked = {
  config: Config
  service: string
  port: number
  host: string
  health: Service['health']
}

const EVENTS = 100
const LOG_LINES = 20
const PROBE_MS = 2_000
/** The daemon logs transitions too; they are in the timeline as events. */
const TOLD_AS_EVENT = 'service changed state'

/**
 * Puts together what is known of a service from events, the supervisor's files, the logs and a probe. What is away, the
 * database for one, is named and does not hide the rest.
 *
 * @throws AppError `service_unknown`
 */
export const explain = async (config: Config, service: string): Promise<Why> => {
  const decisions = readDecisions(join(config.home.run, 'services.json'))
  const fleet = await loadWantedFleet(config, decisions.isolated)
  const names = fleet.services.map(({ name }) => name)
  const wanted = fleet.services.find(({ name }) => name === service)
  const host = fleet.hosts.find((one) => one.services.some(({ name }) => name === service))?.name
  if (!wanted || host === undefined) throw serviceUnknown([service], names)
  const asked: Asked = { config, service, port: wanted.port, host, health: wanted.health }
  const missing: string[] = []
  const orMissing = async (what: string, read: () => Promise<WhyEntry[]>): Promise<WhyEntry[]> =>
    read().catch((error: unknown) => {
      missing.push(`${what}: ${messageOf(error)}`)
      return []
    })
  const events = await orMissing('events', () => eventsOf(asked))
  const isNews = ({ data }: WhyEntry) => events.length === 0 || data?.['event'] !== TOLD_AS_EVENT
  const found = [
    events,
    (await orMissing('logs', () => logOf(asked, fleet))).filter(isNews),
    evidenceOf(asked, decisions),
    crashOf(asked),
    await orMissing('cutover', () => cutoverOf(asked)),
    [await probeNow(asked)],
  ]
  const timeline = found.flat().sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  return { service, port: wanted.port, host, timeline, health: await healthOf(asked), missing }
}

/** Those of the service, those of its host, and deployments that touched either. */
const eventsOf = async ({ config, service, host }: Asked): Promise<WhyEntry[]> => {
  const own = await readEvents(config, { service, limit: EVENTS })
  const shared = await readEvents(config, { type: 'service.restarted,deployment.', limit: EVENTS })
  const around = shared.filter((event) => event.service === null && touches(event, [service, host]))
  return [...own, ...around].map(({ at, type, message, data }) => ({
    ...{ at, kind: 'event' as const, data },
    text: `${type}: ${message}`,
  }))
}

const touches = ({ data }: EventView, names: readonly string[]): boolean => {
  if (names.includes(String(data['host']))) return true
  const changes = Array.isArray(data['changes']) ? (data['changes'] as { name?: unknown }[]) : []
  return changes.some(({ name }) => names.includes(String(name)))
}

const logOf = async ({ config, service }: Asked, { apps }: WantedFleet): Promise<WhyEntry[]> => {
  const elsewhere = await statAll(logFilesElsewhere(apps, config.home.logs))
  const files = [...(await listLogFiles(config.home.logs)), ...elsewhere]
  const lines = await readLog(files, { service }, LOG_LINES)
  return lines.map((line) => ({
    at: new Date(line.at).toISOString(),
    kind: 'log',
    text: `${line.process}: ${textOf(line)}`,
    ...(line.fields && { data: line.fields }),
  }))
}

const textOf = ({ text, fields }: LogEntry): string => {
  if (!fields) return text
  const { time: _time, service: _service, level, ...rest } = fields
  return toPlainText(typeof level === 'string' ? level : 'info', rest)
}

const evidenceOf = (
  { service }: Asked,
  { stopped, isolated, quarantined }: Decisions,
): WhyEntry[] => {
  const evidence = quarantined[service]
  const now = new Date().toISOString()
  const said = (text: string): WhyEntry => ({ at: now, kind: 'evidence', text })
  return [
    ...(stopped.includes(service) ? [said('The operator has stopped it; berth start brings it back.')] : []), // prettier-ignore
    ...(isolated.includes(service) ? [said('It has a host of its own, since it took a packed one down.')] : []), // prettier-ignore
    ...(evidence
      ? [
          {
            at: evidence.since,
            kind: 'evidence' as const,
            text: `In quarantine until ${evidence.retryAt}, for the ${evidence.attempts}. time: ended by ${evidence.causes.join(', ')}.`,
            data: { ...evidence },
          },
        ]
      : []),
  ]
}

/** What the host noted when an exception ended it. */
const crashOf = ({ config, service, host }: Asked): WhyEntry[] => {
  try {
    const record = JSON.parse(readFileSync(crashFileOf(config.home.run, host), 'utf8')) as CrashRecord // prettier-ignore
    if (record.service !== null && record.service !== service) return []
    const text = `${host} (pid ${record.pid}) was ended by an exception: ${record.message}`
    return [{ at: record.at, kind: 'crash', text, data: { requestId: record.requestId } }]
  } catch {
    return [] // it never crashed
  }
}

/** The daemon alone carries one. */
const cutoverOf = async ({ config, service }: Asked): Promise<WhyEntry[]> => {
  const daemon = await findDaemon(config)
  const now = await daemon?.get<{ cutover: CutoverView | null }>('/api/v1/admin/cutover')
  const told = now?.cutover ? tellOfCutover(now.cutover, service) : undefined
  return told ? [{ ...told, kind: 'evidence' }] : []
}

const probeNow = async ({ service, port, health }: Asked): Promise<WhyEntry> => {
  const result = await probeService({ ...health, service, port }, PROBE_MS)
  const but = result.ok && result.concern ? `, but: ${result.concern.reason}` : ''
  const text = result.ok
    ? `Port ${port} answers now, after ${Math.round(result.responseMs)} ms${but}.`
    : `Port ${port} does not answer as it should now (${result.cause}): ${result.reason}.`
  return { at: new Date().toISOString(), kind: 'probe', text }
}

const healthOf = async ({ config, service }: Asked): Promise<ServiceHealth | undefined> => {
  const daemon = await findDaemon(config)
  const answer = await daemon
    ?.get<{ services: ServiceHealth[] }>('/api/v1/admin/health')
    .catch(() => undefined)
  return answer?.services.find((one) => one.service === service)
}
