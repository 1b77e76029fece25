import { z } from 'zod'
import { AppError, messageOf, systemCodeOf } from '../base/errors.ts'
import { DEEP_HEADER } from '../model/host-protocol.ts'
import { askPort } from './http.ts'
import { listToolsOf } from './deep.ts'

/** What is watched, and how; the service's own settings. */
export type Target = {
  service: string
  port: number
  /** By default `/health`. */
  path?: string | undefined
  /** How long the first probe waits; repeats wait 2.2 times as long. */
  timeoutMs?: number | undefined
  /** An answer that takes longer makes the service degraded. */
  slowMs?: number | undefined
  /** Also whether its API can be reached, and whether it lists its tools. */
  deep?: boolean | undefined
  /** Cron expression; by default that of all. */
  schedule?: string | undefined
}

/** Why a probe failed, in one word. */
export type Cause =
  | 'refused'
  | 'timeout'
  | 'status'
  | 'stranger'
  | 'answer'
  | 'broken'
  | 'slow'
  | 'upstream'
  | 'tools'

/** What is wrong with a service that answers. */
type Concern = { cause: Extract<Cause, 'slow' | 'upstream' | 'tools'>; reason: string }

export type ProbeResult =
  | {
      ok: true
      planned: boolean
      responseMs: number
      pid?: number | undefined
      concern?: Concern | undefined
    }
  | { ok: false; cause: Cause; reason: string }

/** An own program need not say its pid, nor whether its API can be reached. */
const answerSchema = z.object({
  service: z.string(),
  status: z.enum(['healthy', 'planned']),
  pid: z.number().optional(),
  upstream: z.object({ ok: z.boolean(), reason: z.string().optional() }).optional(),
})
type Answer = z.output<typeof answerSchema>

/** More than any health answer has. */
const MAX_BYTES = 4096
/** One that hangs is degraded within a second of the sweep. */
export const TIMEOUT_MS = 950
const SLOW_MS = 750
/** So much of a probe's time an API may take; the rest is for the host to say so. */
const API_SHARE = 0.8

/** Asks a static port for its health. The answer must name the service: somebody else may hold the port. */
export const probeService = async (
  target: Target,
  deadlineMs = target.timeoutMs ?? TIMEOUT_MS,
): Promise<ProbeResult> => {
  const startedAt = performance.now()
  try {
    const { port, path = '/health', deep = false } = target
    const headers = deep ? { [DEEP_HEADER]: String(deadlineMs * API_SHARE) } : {}
    const { status, body } = await askPort({ port, path, headers, deadlineMs, maxBytes: MAX_BYTES })
    const responseMs = performance.now() - startedAt
    if (status !== 200) return { ok: false, cause: 'status', reason: `answered ${status}` }
    const answer = answerSchema.safeParse(parse(body)).data
    if (!answer) return { ok: false, cause: 'answer', reason: 'its answer is none of a service' }
    if (answer.service !== target.service)
      return { ok: false, cause: 'stranger', reason: `port ${port} is held by ${answer.service}` }
    const planned = answer.status === 'planned'
    const concern = await concernOf(target, answer, { responseMs, deadlineMs })
    return { ok: true, planned, responseMs, pid: answer.pid, concern }
  } catch (error) {
    return { ok: false, cause: causeOf(error), reason: messageOf(error) }
  }
}

const concernOf = async (
  target: Target,
  { upstream, status }: Answer,
  { responseMs, deadlineMs }: { responseMs: number; deadlineMs: number },
): Promise<Concern | undefined> => {
  if (upstream?.ok === false)
    return { cause: 'upstream', reason: `its API cannot be reached: ${upstream.reason ?? ''}` }
  // The time of a deep answer is also that of the API.
  const slowMs = target.slowMs ?? SLOW_MS
  if (responseMs > slowMs && !target.deep)
    return { cause: 'slow', reason: `answered after ${Math.round(responseMs)} ms` }
  if (!target.deep || status === 'planned') return undefined
  const failure = await listToolsOf(target.port, deadlineMs)
  return failure === undefined ? undefined : { cause: 'tools', reason: failure }
}

const causeOf = (error: unknown): Cause => {
  if (error instanceof AppError && error.code === 'service_timeout') return 'timeout'
  if (error instanceof RangeError) return 'answer'
  return systemCodeOf(error) === 'ECONNREFUSED' ? 'refused' : 'broken'
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
