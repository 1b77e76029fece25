import { request } from 'node:http'
import { z } from 'zod'
import { loopbackSource } from '../base/loopback.ts'
import { CREDENTIALS_HEADER } from '../model/host-credentials.ts'
import { OUTCOMES, VERIFY_HEADER, type Verification } from '../model/verification.ts'

const answerSchema = z.object({ outcome: z.enum(OUTCOMES), account: z.string().optional() })

const HOST = '127.0.0.1'
/** More than any answer has. */
const MAX_BYTES = 4096

/** Asks a service's static port whether a key works; the key crosses loopback sealed. */
export const askHost = async (
  port: number,
  sealed: string,
  deadlineMs: number,
): Promise<Verification> => {
  const { status, text } = await post(port, sealed, deadlineMs)
  // A program of the operator's own may know no such path.
  if (status === 404 || status === 405) return { outcome: 'unverifiable' }
  if (status !== 200) return { outcome: 'unreachable' }
  return answerSchema.parse(JSON.parse(text))
}

const post = (port: number, sealed: string, deadlineMs: number) =>
  new Promise<{ status: number; text: string }>((resolve, reject) => {
    const sent = request(
      {
        host: HOST,
        port,
        path: '/verify',
        method: 'POST',
        headers: { [CREDENTIALS_HEADER]: sealed, [VERIFY_HEADER]: '1', 'content-length': 0 },
        agent: false,
        signal: AbortSignal.timeout(deadlineMs),
        ...loopbackSource(HOST),
      },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (chunk: string) => {
          text += chunk
          if (text.length > MAX_BYTES) sent.destroy(new RangeError('the answer is too long'))
        })
        answer.on('error', reject)
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
      },
    )
    sent.on('error', reject)
    sent.end()
  })
