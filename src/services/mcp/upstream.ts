import type { Service } from '../../model/service.ts'
import { assertPublicHost, publicLookup } from './address-guard.ts'
import type { createAgents } from './agents.ts'
import type { OutgoingRequest } from './outgoing-request.ts'

export type UpstreamAnswer = {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: Buffer
  /** Whether the body was longer than what is kept. */
  truncated: boolean
}

/** Sends built requests to the APIs. */
export type Upstream = {
  send: (service: Service, request: OutgoingRequest) => Promise<UpstreamAnswer>
  close: () => Promise<void>
}

const ANSWER_MS = 60_000
const MAX_ANSWER_BYTES = 4 * 1024 * 1024
const MAX_REDIRECTS = 3

export type UpstreamOptions = { sandboxUrl: string | undefined; allowPrivate: boolean }

/**
 * The way out. With a sandbox, every call of service S to `https://host/base/path?q` goes to `<sandbox>/S/base/path?q`.
 * Redirects are followed for GET only, and to another host without anything that was injected.
 */
export const createUpstream = ({ sandboxUrl, allowPrivate }: UpstreamOptions): Upstream => {
  let agents: Promise<ReturnType<typeof createAgents>> | undefined
  // Loaded with the first call: a host starts without it.
  const loadAgents = async () => (await import('./agents.ts')).createAgents(publicLookup)

  const once = async (service: Service, request: OutgoingRequest): Promise<UpstreamAnswer> => {
    const { request: send, open, guarded } = await (agents ??= loadAgents())
    const isOpen = sandboxUrl !== undefined || allowPrivate || namesItself(service, request.url)
    if (!isOpen) assertPublicHost(request.url.hostname)
    const answer = await send(sandboxed(request.url, service, sandboxUrl).href, {
      method: request.method as 'GET',
      headers: request.headers,
      body: request.body ?? null,
      dispatcher: isOpen ? open : guarded,
      signal: AbortSignal.timeout(ANSWER_MS),
    })
    return { status: answer.statusCode, headers: answer.headers, ...(await readSome(answer.body)) }
  }

  const send = async (service: Service, first: OutgoingRequest): Promise<UpstreamAnswer> => {
    let request = first
    for (let hops = 0; ; hops++) {
      const answer = await once(service, request)
      const next = sandboxUrl === undefined ? redirected(request, answer) : undefined
      if (!next || hops >= MAX_REDIRECTS) return answer
      request = next
    }
  }

  return {
    send,
    close: async () => {
      const loaded = await agents
      if (loaded) await Promise.all([loaded.open.destroy(), loaded.guarded.destroy()])
    },
  }
}

/** The registry's own base URL may lie inside; one that a user filled in may not. */
const namesItself = (service: Service, url: URL): boolean =>
  [service.api.baseURL, ...service.tools.map((tool) => tool.baseURL ?? '')].some(
    (base) => URL.canParse(base) && new URL(base).host === url.host && !base.includes('{'),
  )

const sandboxed = (url: URL, service: Service, sandboxUrl: string | undefined): URL =>
  sandboxUrl === undefined
    ? url
    : new URL(`${sandboxUrl}/${service.name}${url.pathname}${url.search}`)

const redirected = (
  request: OutgoingRequest,
  answer: UpstreamAnswer,
): OutgoingRequest | undefined => {
  const { location } = answer.headers
  if (request.method !== 'GET' || ![301, 302, 303, 307, 308].includes(answer.status))
    return undefined
  if (typeof location !== 'string' || !URL.canParse(location, request.url.href)) return undefined
  const url = new URL(location, request.url)
  if (url.protocol !== 'https:') return undefined
  if (url.origin === request.url.origin) return { ...request, url }
  const { accept = '*/*', 'user-agent': agent = '' } = request.headers
  return { ...request, url, headers: { accept, 'user-agent': agent } }
}

const readSome = async (
  body: AsyncIterable<Buffer>,
): Promise<{ body: Buffer; truncated: boolean }> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    size += chunk.length
    if (size > MAX_ANSWER_BYTES) break // leaving the loop ends the answer
  }
  const whole = Buffer.concat(chunks)
  return { body: whole.subarray(0, MAX_ANSWER_BYTES), truncated: size > MAX_ANSWER_BYTES }
}
