import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { AppError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { wayOf, type MovedInstance, type OldRouting } from '../../model/old-routing.ts'
import { sendError, sendErrorTo } from '../errors.ts'
import { createFindMoved, type MovedNeeds } from './find-moved.ts'
import type { Observations } from './observations.ts'
import type { Added, OldServer } from './old-server.ts'
import { parseOldUrl, type OldUrl } from './parse.ts'
import { watchAnswer } from './watch-answer.ts'

export type OldUrlNeeds = MovedNeeds & {
  oldServer: OldServer
  routing: () => OldRouting
  /** Serves a request as one of its owner's at the instance's own URL. */
  serveShared: (request: IncomingMessage, response: ServerResponse, to: Shared) => void
  upgradeShared: (request: IncomingMessage, socket: Socket, to: Shared & { head: Buffer }) => void
  /** Whether the service's host takes connections; else the old server serves. */
  isUp: (service: string) => Promise<boolean>
  observations: Pick<Observations, 'addSample' | 'addUse'>
  /** `away`: the shared fleet should have served it, and its host is not there. `unmoved`: the old server alone knows it. */
  countWay: (way: 'shared' | 'old' | 'away' | 'unmoved') => void
  /** The page where users find their new URLs. */
  pageUrl: string
  log: Log
}

/** Where in the shared fleet a request goes. */
export type Shared = { instance: MovedInstance; path: string; requestId: string }

/** A request to an old URL, and which way it goes. */
type Decided = { moved: MovedInstance | undefined; shared: Shared | undefined; isAway: boolean }

/**
 * Answers the URLs of the older model: moved instances by the shared fleet, as far as the routing says so, everything else
 * by the old server. What the old server alone can judge goes to it: nothing is opened here that does not stand in the
 * ledger of what was moved.
 */
export const createOldUrls = (needs: OldUrlNeeds) => {
  const { oldServer, log } = needs
  // flush: what was moved may be another by now.
  const { find, flush } = createFindMoved(needs)

  const decide = async (url: OldUrl, requestId: string): Promise<Decided> => {
    const moved = await find(url)
    if (!moved) {
      needs.countWay('unmoved')
      return { moved, shared: undefined, isAway: false }
    }
    needs.observations.addUse(moved.instanceId)
    const isShared = wayOf(needs.routing(), moved) === 'shared' && url.sharedPath !== undefined
    const isAway = isShared && !(await needs.isUp(moved.service))
    const shared = isShared && !isAway ? { instance: moved, path: url.sharedPath ?? '', requestId } : undefined // prettier-ignore
    needs.countWay(wayTaken(shared, isAway))
    return { moved, shared, isAway }
  }
  const serve = async (request: IncomingMessage, response: ServerResponse, url: OldUrl) => {
    const requestId = idOf(request)
    const { epoch, comparing, toolErrors } = needs.routing()
    const startedAt = performance.now()
    const { moved, shared, isAway } = await decide(url, requestId)
    const added = { ...headersFor(needs, moved), 'x-request-id': requestId }
    if (moved && comparing && url.sharedPath !== undefined && request.method === 'POST') {
      // What is compressed cannot be watched, and one of the ways may compress.
      delete request.headers['accept-encoding']
      watchAnswer(response, { seesTools: toolErrors }, (fault) => {
        const latencyMs = performance.now() - startedAt
        const { service, instanceId } = moved
        needs.observations.addSample({ epoch, isNew: shared !== undefined || isAway, service, instanceId, latencyMs, fault: isAway ? 'away' : fault }) // prettier-ignore
      })
    }
    if (!shared) return oldServer.send(request, response, added)
    for (const [name, value] of Object.entries(added)) response.setHeader(name, value)
    needs.serveShared(request, response, shared)
  }
  const pass = async (request: IncomingMessage, socket: Socket, given: { url: OldUrl; head: Buffer }) => {
    const { shared } = await decide(given.url, idOf(request))
    if (shared) needs.upgradeShared(request, socket, { ...shared, head: given.head })
    else await oldServer.upgrade(request, socket, given.head)
  } // prettier-ignore

  return { ...asServer({ serve, pass, log }), flush, close: oldServer.close }
}

const wayTaken = (shared: Shared | undefined, isAway: boolean) => {
  if (isAway) return 'away'
  return shared ? 'shared' : 'old'
}

type Serving = {
  serve: (request: IncomingMessage, response: ServerResponse, url: OldUrl) => Promise<void>
  pass: (
    request: IncomingMessage,
    socket: Socket,
    given: { url: OldUrl; head: Buffer },
  ) => Promise<void>
  log: Log
}

const asServer = ({ serve, pass, log }: Serving) => ({
  /** @returns false for what is no old URL */
  handle: (request: IncomingMessage, response: ServerResponse): boolean => {
    const url = parseOldUrl(request.url ?? '/')
    if (!url) return false
    serve(request, response, url).catch((error: unknown) =>
      sendError(response, note(log, error), idOf(request)),
    )
    return true
  },
  /** The same for a request that wants another protocol on its connection; `head` are that one's first bytes. */
  upgrade: (request: IncomingMessage, socket: Socket, head: Buffer): boolean => {
    const url = parseOldUrl(request.url ?? '/')
    if (!url) return false
    pass(request, socket, { url, head }).catch((error: unknown) =>
      sendErrorTo(socket, note(log, error), idOf(request)),
    )
    return true
  },
})

const idOf = ({ headers }: IncomingMessage): string => String(headers['x-request-id'])

/** What users of moved instances are told with each answer; never the new URL's secret. */
const headersFor = ({ pageUrl, routing }: OldUrlNeeds, moved: MovedInstance | undefined): Added => {
  if (!moved) return {}
  const { notice } = routing()
  return {
    link: `<${pageUrl}>; rel="successor-version"`,
    ...(notice && {
      // RFC 9745
      deprecation: `@${Math.floor(notice.since.getTime() / 1000)}`,
      'x-berth-notice': notice.text,
    }),
  }
}

const note = (log: Log, error: unknown): AppError => {
  const known = error instanceof AppError ? error : new AppError('internal', 'The gateway failed.')
  if (known.status >= 500) log.error('request to an old URL failed', { error })
  return known
}
