import { BlockList, isIP, isIPv4, type Socket } from 'node:net'
import type { Asked } from './call.ts'
import { headLines } from './front/answer-text.ts'
import { headerOf, type HeaderList } from './headers.ts'

/** Who sent it, and what they say of that. */
type Sent = Pick<Asked, 'socket' | 'headers'>

export type Forwarded = {
  /** The address of whoever sent the request, as far as trusted proxies and the connection tell. */
  clientOf: (request: Sent) => string
  /** What the host is told of client, protocol and name (RFC 7239, and the older headers). */
  headersFor: (request: Sent) => HeaderList
  /** The same as lines. */
  linesFor: (request: Sent) => string
}

/**
 * Whose word counts about who sent a request: with nobody trusted, only the connection's own address does.
 *
 * @param trustedProxies addresses and ranges (`10.0.0.0/8`, `::1`)
 */
export const createForwarded = (trustedProxies: readonly string[]): Forwarded => {
  const trusted = listOf(trustedProxies)
  // A connection is asked about with each of its requests.
  const known = new WeakMap<Socket, Peer>()
  const peerOf = ({ socket }: Sent): Peer => {
    const before = known.get(socket)
    if (before) return before
    const address = plain(socket.remoteAddress ?? '')
    const peer: Peer = { address, isTrusted: isIn(trusted, address), told: undefined }
    known.set(socket, peer)
    return peer
  }

  const headersFor = (request: Sent): HeaderList => {
    const { address, isTrusted } = peerOf(request)
    const told = isTrusted ? toldBy(request) : {}
    const proto = told.proto ?? 'http'
    const host = told.host ?? headerOf(request.headers, 'host') ?? ''
    const own = `for=${node(address)};host=${quoted(host)};proto=${proto}`
    return [
      'x-forwarded-for', told.for === undefined ? address : `${told.for}, ${address}`,
      'x-forwarded-host', host,
      'x-forwarded-proto', proto,
      'forwarded', told.forwarded === undefined ? own : `${told.forwarded}, ${own}`,
    ] // prettier-ignore
  }

  return {
    clientOf: (request) => {
      const { address, isTrusted } = peerOf(request)
      if (!isTrusted) return address
      const hops = addressesIn(request)
      // From the right: the first whom no proxy of ours vouches for as another one of ours.
      return hops.findLast((hop) => !isIn(trusted, hop)) ?? hops[0] ?? address
    },
    headersFor,
    linesFor: (request) => {
      const peer = peerOf(request)
      // Requests of a connection that have the same head have the same list.
      if (peer.told?.of !== request.headers)
        peer.told = { of: request.headers, lines: headLines(headersFor(request)) }
      return peer.told.lines
    },
  }
}

type Peer = {
  address: string
  isTrusted: boolean
  /** What was told of it last, and for which headers. */
  told: { of: HeaderList; lines: string } | undefined
}
type Told = Partial<Record<'for' | 'host' | 'proto' | 'forwarded', string | undefined>>

const toldBy = ({ headers }: Sent): Told => {
  const proto = headerOf(headers, 'x-forwarded-proto')?.trim().toLowerCase()
  return {
    for: headerOf(headers, 'x-forwarded-for'),
    host: headerOf(headers, 'x-forwarded-host'),
    proto: proto === 'http' || proto === 'https' ? proto : undefined,
    forwarded: headerOf(headers, 'forwarded'),
  }
}

/** The addresses that trusted proxies name, oldest first; of two headers the one that most proxies know. */
const addressesIn = ({ headers }: Sent): string[] => {
  const listed = headerOf(headers, 'x-forwarded-for')
  const named = listed?.split(',') ?? [...(headerOf(headers, 'forwarded') ?? '').matchAll(/for=("[^"]*"|[^;,]*)/gi)].map(([, of = '']) => of) // prettier-ignore
  return named.map((name) => plain(name.trim().replace(/^"|"$/g, ''))).filter((name) => isIP(name) > 0) // prettier-ignore
}

/** An address without brackets, port and the form that IPv4 takes on an IPv6 socket. */
const plain = (address: string): string =>
  address
    .replace(/^\[([^\]]*)\](?::\d+)?$/, '$1')
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
    .replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')

/** RFC 7239 §6: an IPv6 address is quoted and in brackets. */
const node = (address: string): string => (isIPv4(address) ? address : `"[${address}]"`)

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`

const listOf = (proxies: readonly string[]): BlockList => {
  const list = new BlockList()
  for (const proxy of proxies) {
    const [address = '', bits] = proxy.split('/')
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return list
}

const isIn = (list: BlockList, address: string): boolean =>
  isIP(address) > 0 && list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
