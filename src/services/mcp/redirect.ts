import type { UpstreamAnswer } from './exchange.ts'
import type { OutgoingRequest } from './outgoing-request.ts'

const REDIRECTS = [301, 302, 303, 307, 308]

/** The request that follows a redirect: of a GET, over https, and to another host without anything that was injected. */
export const redirected = (
  request: OutgoingRequest,
  answer: UpstreamAnswer,
): OutgoingRequest | undefined => {
  const { location } = answer.headers
  if (request.method !== 'GET' || !REDIRECTS.includes(answer.status)) return undefined
  if (typeof location !== 'string' || !URL.canParse(location, request.url.href)) return undefined
  const url = new URL(location, request.url)
  if (url.protocol !== 'https:') return undefined
  if (url.origin === request.url.origin) return { ...request, url }
  const { accept = '*/*', 'user-agent': agent = '' } = request.headers
  // A body may have been made of the key as well.
  const { trace } = request
  return {
    ...request,
    url,
    headers: { accept, 'user-agent': agent },
    body: undefined,
    ...(trace && { trace: { ...trace, isElsewhere: true } }),
  }
}
