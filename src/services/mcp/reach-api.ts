import { messageOf } from '../../base/errors.ts'
import { pathPlaceholders } from '../../model/placeholder.ts'
import type { HostHealth } from '../../model/host-protocol.ts'
import type { Service } from '../../model/service.ts'
import type { Upstream } from './upstream.ts'

/** Whatever is asked for, a probe is no reason to wait longer. */
const MAX_WAIT_MS = 10_000
/** What a proxy says in the place of an API that is away; any other answer shows that somebody is there. */
const AWAY = [502, 503, 504]

/** Whether a service's API answers at all: one HEAD of its base URL, never with a key. */
export const reachApi = async (
  service: Service,
  { upstream, waitMs }: { upstream: Pick<Upstream, 'send'>; waitMs: number },
): Promise<NonNullable<HostHealth['upstream']>> => {
  const { baseURL } = service.api
  // Where its users are at addresses of their own there is nothing to ask; echo calls nobody.
  if (pathPlaceholders(baseURL).length > 0 || !URL.canParse(baseURL) || service.tools.length === 0)
    return { ok: true }
  const request = { method: 'HEAD', url: new URL(baseURL), headers: {}, body: undefined }
  try {
    const { status } = await upstream.send(service, request, AbortSignal.timeout(boundOf(waitMs)))
    return AWAY.includes(status) ? { ok: false, reason: `it answers ${status}` } : { ok: true }
  } catch (error) {
    return { ok: false, reason: messageOf(error) }
  }
}

const boundOf = (waitMs: number): number =>
  waitMs > 0 ? Math.min(Math.ceil(waitMs), MAX_WAIT_MS) : MAX_WAIT_MS
