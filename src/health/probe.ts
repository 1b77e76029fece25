import { request } from 'node:http'
import { z } from 'zod'
import { messageOf } from '../base/errors.ts'
import { loopbackSource } from '../base/loopback.ts'

export type Target = { service: string; port: number }
export type ProbeResult =
  | { ok: true; planned: boolean; responseMs: number; pid?: number | undefined }
  | { ok: false; reason: string }

/** An own program need not say its pid. */
const answerSchema = z.object({
  service: z.string(),
  status: z.enum(['healthy', 'planned']),
  pid: z.number().optional(),
})

/** More than any health answer has. */
const MAX_BYTES = 4096

/** Asks a static port for its health. The answer must name the service: somebody else may hold the port. */
export const probeService = async (target: Target, deadlineMs: number): Promise<ProbeResult> => {
  const startedAt = performance.now()
  try {
    const { status, body } = await getHealth(target.port, deadlineMs)
    if (status !== 200) return { ok: false, reason: `answered ${status}` }
    const answer = answerSchema.parse(JSON.parse(body))
    if (answer.service !== target.service)
      return { ok: false, reason: `port ${target.port} is held by ${answer.service}` }
    return {
      ok: true,
      planned: answer.status === 'planned',
      responseMs: performance.now() - startedAt,
      pid: answer.pid,
    }
  } catch (error) {
    return { ok: false, reason: messageOf(error) }
  }
}

const HOST = '127.0.0.1'

const getHealth = (port: number, deadlineMs: number) =>
  new Promise<{ status: number; body: string }>((resolve, reject) => {
    const signal = AbortSignal.timeout(deadlineMs)
    const probe = request(
      { host: HOST, port, path: '/health', agent: false, signal, ...loopbackSource(HOST) },
      (answer) => {
        let body = ''
        answer.setEncoding('utf8')
        answer.on('data', (chunk: string) => {
          body += chunk
          if (body.length > MAX_BYTES) probe.destroy(new RangeError('the answer is too long'))
        })
        answer.on('error', reject)
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
      },
    )
    probe.on('error', reject)
    probe.end()
  })
