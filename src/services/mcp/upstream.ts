import type { Service } from '../../model/service.ts'
import { assertPublicHost, assertPublicName, publicLookup } from '../../base/address-guard.ts'
import type { createAgents } from './agents.ts'
import { sendInSpan } from './call-span.ts'
import { decoded } from './content-coding.ts'
import { pauseFor, withinTime } from './deadline.ts'
import type { Proxies } from './environment.ts'
import { MAX_ANSWER_BYTES, type UpstreamAnswer } from './exchange.ts'
import type { OutgoingRequest } from './outgoing-request.ts'
import { redirected } from './redirect.ts'
import { pauseBeforeRetry } from './retry.ts'
import type { StopSignal } from './stop-signal.ts'

/** Sends built requests to the APIs. */
export type Upstream = {
  /** @param signal Aborts when nobody waits for the answer any more. */
  send: (service: Service, request: OutgoingRequest, signal?: StopSignal) => Promise<UpstreamAnswer>
  close: () => Promise<void>
}

/** For all tries and redirects together. */
const ANSWER_MS = 60_000
const MAX_REDIRECTS = 3

export type UpstreamOptions = {
  sandboxUrl: string | undefined
  allowPrivate: boolean
  proxies?: Proxies
  /** Services whose APIs are told of the trace that calls them; default none. */
  traceparentTo?: 'all' | readonly string[]
}

type Agents = ReturnType<typeof createAgents>

const NO_PROXIES: Proxies = { httpProxy: '', httpsProxy: '', noProxy: '' }

/**
 * The way out. With a sandbox, every call of service S to `https://host/base/path?q` goes to `<sandbox>/S/base/path?q`.
 * Redirects are followed for GET only, and to another host without anything that was injected.
 */
export const createUpstream = ({
  sandboxUrl,
  allowPrivate,
  proxies = NO_PROXIES,
  traceparentTo = [],
}: UpstreamOptions): Upstream => {
  let loading: Promise<Agents> | undefined
  let agents: Agents | undefined
  // Loaded with the first call: a host starts without it.
  const load = async (): Promise<Agents> =>
    (agents = (await import('./agents.ts')).createAgents({ guardedLookup: publicLookup, proxies }))
  const usesProxy = ({ protocol }: URL) =>
    (protocol === 'https:' ? proxies.httpsProxy : proxies.httpProxy) !== ''

  const once = (
    { exchange, open, guarded, sandbox }: Agents,
    { service, request, signal }: Sending,
  ): Promise<UpstreamAnswer> => {
    if (sandboxUrl !== undefined) {
      const { pathname, search } = request.url
      const url = new URL(`${sandboxUrl}/${service.name}${pathname}${search}`)
      return exchange(sandbox(), { ...request, url }, signal)
    }
    if (allowPrivate || namesItself(service, request.url))
      return exchange(open(request.url), request, signal)
    assertPublicHost(request.url.hostname)
    // A proxy resolves the name, so the lookup of our own connections never sees it.
    const check = usesProxy(request.url) ? assertPublicName(request.url.hostname) : undefined
    const send = () => exchange(guarded(request.url), request, signal)
    return check ? check.then(send) : send()
  }

  const traced = createTraced(traceparentTo)
  const follow = async (service: Service, first: OutgoingRequest, signal: StopSignal) => {
    const ways = agents ?? (await (loading ??= load()))
    let request = first
    for (let hops = 0; ; hops++) {
      const sending = { service, request, signal }
      const answer = await twice(() => traced(sending, (one) => once(ways, one)), sending)
      const next = sandboxUrl === undefined ? redirected(request, answer) : undefined
      if (!next || hops >= MAX_REDIRECTS) return decoded(answer, MAX_ANSWER_BYTES)
      request = next
    }
  }

  return {
    send: (service, request, signal) =>
      withinTime(ANSWER_MS, signal, (both) => follow(service, request, both)),
    close: async () => {
      await (await loading)?.destroy()
    },
  }
}

/** Sends what is traced in a span of its own. */
const createTraced =
  (to: NonNullable<UpstreamOptions['traceparentTo']>) =>
  (sending: Sending, send: (sending: Sending) => Promise<UpstreamAnswer>) => {
    const { request, service } = sending
    if (!request.trace) return send(sending)
    const isTold = to === 'all' || to.includes(service.name)
    return sendInSpan(request, isTold, (told) => send({ ...sending, request: told }))
  }

type Sending = { service: Service; request: OutgoingRequest; signal: StopSignal }

/** Once more where that cannot do harm. */
const twice = async (
  send: () => Promise<UpstreamAnswer>,
  { request, signal }: Sending,
): Promise<UpstreamAnswer> => {
  let first: UpstreamAnswer | { error: unknown }
  try {
    first = await send()
  } catch (error) {
    first = { error }
  }
  const pauseMs = signal.aborted ? undefined : pauseBeforeRetry(request, first)
  if (pauseMs !== undefined) {
    await pauseFor(pauseMs, signal)
    return send()
  }
  if ('error' in first) throw first.error
  return first
}

const ownHosts = new WeakMap<Service, ReadonlySet<string>>()

/** The registry's own base URL may lie inside; one whose host a user filled in may not. */
const namesItself = (service: Service, url: URL): boolean => {
  let hosts = ownHosts.get(service)
  if (!hosts) {
    const bases = [service.api.baseURL, ...service.tools.map((tool) => tool.baseURL ?? '')]
    const origins = bases.flatMap((base) => /^https?:\/\/[^/?#{]+(?=[/?#]|$)/i.exec(base) ?? [])
    hosts = new Set(origins.filter((one) => URL.canParse(one)).map((one) => new URL(one).host))
    ownHosts.set(service, hosts)
  }
  return hosts.has(url.host)
}
