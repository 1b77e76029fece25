import { Agent as HttpAgent, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { assertPublicHost, publicLookup } from '../base/address-guard.ts'
import { messageOf } from '../base/errors.ts'
import { loopbackSource } from '../base/loopback.ts'
import type { Delivery } from '../model/webhook.ts'
import type { Message } from './message.ts'

type Target = { url: string; allowPrivate: boolean }
type Post = (target: Target, message: Message) => Promise<Delivery>

const DEADLINE_MS = 10_000
/** They say something about the moment, not about the event. */
const LATER = [408, 425, 429]

/** Sends messages. Redirects are not followed, since they would carry events to where nobody meant them to go. */
export const createPost = (deadlineMs = DEADLINE_MS) => {
  const http = new HttpAgent({ keepAlive: true })
  const https = new HttpsAgent({ keepAlive: true })
  const post: Post = async (target, message) => {
    try {
      const url = new URL(target.url)
      if (!target.allowPrivate) assertPublicHost(url.hostname)
      const agent = url.protocol === 'https:' ? https : http
      return judge(await send(url, message, { ...target, agent, deadlineMs }))
    } catch (error) {
      return { outcome: 'failed', reason: messageOf(error) }
    }
  }
  return {
    post,
    close: (): void => {
      http.destroy()
      https.destroy()
    },
  }
}

const judge = (status: number): Delivery => {
  if (status >= 200 && status < 300) return { outcome: 'delivered' }
  if (status === 410) return { outcome: 'gone' }
  const isRefused = status >= 400 && status < 500 && !LATER.includes(status)
  return { outcome: isRefused ? 'refused' : 'failed', reason: `it answered ${status}` }
}

type Way = { agent: HttpAgent | HttpsAgent; allowPrivate: boolean; deadlineMs: number }

const send = (url: URL, { headers, body }: Message, way: Way): Promise<number> =>
  new Promise((resolve, reject) => {
    const asked = (url.protocol === 'https:' ? requestHttps : requestHttp)(
      url,
      {
        method: 'POST',
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        agent: way.agent,
        signal: AbortSignal.timeout(way.deadlineMs),
        ...(way.allowPrivate ? loopbackSource(url.hostname) : { lookup: publicLookup }),
      },
      (answer) => {
        answer.on('error', reject)
        answer.on('end', () => resolve(answer.statusCode ?? 0))
        answer.resume() // what it says is nobody's business
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
