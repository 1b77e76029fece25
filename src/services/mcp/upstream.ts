import type { Service } from '../../model/service.ts'
import { assertPublicHost, assertPublicName, publicLookup } from './address-guard.ts'
import type { createAgents } from './agents.ts'
import { pauseFor, withinTime } from './deadline.ts'
import type { Proxies } from './environment.ts'
import type { UpstreamAnswer } from './exchange.ts'
import type { OutgoingRequest } from './outgoing-request.ts'
import { redirected } from './redirect.ts'
import { pauseBeforeRetry } from './retry.ts'

/** Sends built requests to the APIs. */
export type Upstream = {
  /** @param signal Aborts when nobody waits for the answer any more. */
  send: (
    service: Service,
    request: OutgoingRequest,
    signal?: AbortSignal,
  ) => Promise<UpstreamAnswer>
  close: () => Promise<void>
}

/** For all tries and redirects together. */
const ANSWER_MS = 60_000
const MAX_REDIRECTS = 3

export type UpstreamOptions = {
  sandboxUrl: string | undefined
  allowPrivate: boolean
  proxies?: Proxies
}

const NO_PROXIES: Proxies = { httpProxy: '', httpsProxy: '', noProxy: '' }

/**
 * The way out. With a sandbox, every call of service S to `https://host/base/path?q` goes to `<sandbox>/S/base/path?q`.
 * Redirects are followed for GET only, and to another host without anything that was injected.
 */
export const createUpstream = ({
  sandboxUrl,
  allowPrivate,
  proxies = NO_PROXIES,
}: UpstreamOptions): Upstream => {
  let agents: Promise<ReturnType<typeof createAgents>> | undefined
  // Loaded with the first call: a host starts without it.
  const loadAgents = async () =>
    (await import('./agents.ts')).createAgents({ guardedLookup: publicLookup, proxies })
  const usesProxy = ({ protocol }: URL) =>
    (protocol === 'https:' ? proxies.httpsProxy : proxies.httpProxy) !== ''

  const once = async (service: Service, request: OutgoingRequest, signal: AbortSignal) => {
    const { exchange, open, guarded, sandbox } = await (agents ??= loadAgents())
    if (sandboxUrl !== undefined) {
      const url = new URL(
        `${sandboxUrl}/${service.name}${request.url.pathname}${request.url.search}`,
      )
      return exchange(sandbox(), { ...request, url }, signal)
    }
    if (allowPrivate || namesItself(service, request.url))
      return exchange(open(request.url), request, signal)
    assertPublicHost(request.url.hostname)
    // A proxy resolves the name, so the lookup of our own connections never sees it.
    if (usesProxy(request.url)) await assertPublicName(request.url.hostname)
    return exchange(guarded(request.url), request, signal)
  }

  const follow = async (service: Service, first: OutgoingRequest, signal: AbortSignal) => {
    let request = first
    for (let hops = 0; ; hops++) {
      const answer = await twice(() => once(service, request, signal), { request, signal })
      const next = sandboxUrl === undefined ? redirected(request, answer) : undefined
      if (!next || hops >= MAX_REDIRECTS) return answer
      request = next
    }
  }

  return {
    send: (service, request, signal) =>
      withinTime(ANSWER_MS, signal, (both) => follow(service, request, both)),
    close: async () => {
      await (await agents)?.destroy()
    },
  }
}

/** Once more where that cannot do harm. */
const twice = async (
  send: () => Promise<UpstreamAnswer>,
  { request, signal }: { request: OutgoingRequest; signal: AbortSignal },
): Promise<UpstreamAnswer> => {
  const first = await send().catch((error: unknown) => ({ error }))
  const pauseMs = signal.aborted ? undefined : pauseBeforeRetry(request, first)
  if (pauseMs !== undefined) {
    await pauseFor(pauseMs, signal)
    return send()
  }
  if ('error' in first) throw first.error
  return first
}

const ownHosts = new WeakMap<Service, ReadonlySet<string>>()

/** The registry's own base URL may lie inside; one that a user filled in may not. */
const namesItself = (service: Service, url: URL): boolean => {
  let hosts = ownHosts.get(service)
  if (!hosts) {
    const bases = [service.api.baseURL, ...service.tools.map((tool) => tool.baseURL ?? '')]
    const plain = bases.filter((base) => !base.includes('{') && URL.canParse(base))
    hosts = new Set(plain.map((base) => new URL(base).host))
    ownHosts.set(service, hosts)
  }
  return hosts.has(url.host)
}
