import { lookup, type LookupAddress, type LookupOptions } from 'node:dns'
import { BlockList, isIP } from 'node:net'
import { AppError } from '../../base/errors.ts'

/** Addresses that are not the public internet: RFC 6890 and its successors. */
const PRIVATE = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12],
  ['192.0.0.0', 24], ['192.168.0.0', 16], ['198.18.0.0', 15], ['224.0.0.0', 4], ['240.0.0.0', 4],
] as const) PRIVATE.addSubnet(network, prefix, 'ipv4') // prettier-ignore
for (const [network, prefix] of [
  ['::', 128], ['::1', 128], ['fc00::', 7], ['fe80::', 10], ['ff00::', 8], ['64:ff9b::', 96],
] as const) PRIVATE.addSubnet(network, prefix, 'ipv6') // prettier-ignore

/** Whether an address is loopback, private, link-local or otherwise not public. IPv4 inside IPv6 counts as IPv4. */
export const isPrivateAddress = (address: string): boolean => {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  const plain = mapped ?? address
  return PRIVATE.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4')
}

type Callback = (error: Error | null, address: string | LookupAddress[], family?: number) => void

/**
 * A `lookup` for outgoing connections that refuses private addresses. It sits at the connection, after DNS, so that a
 * public name which points inside is refused too. Literal addresses never come here: {@link assertPublicHost}.
 */
export const publicLookup = (
  hostname: string,
  options: LookupOptions,
  callback: Callback,
): void => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '')
    const inside = addresses.find(({ address }) => isPrivateAddress(address))
    if (inside) return callback(refusal(hostname), '')
    const [first] = addresses
    if (options.all || !first) return callback(null, addresses)
    callback(null, first.address, first.family)
  })
}

/** @throws AppError `forbidden` for a literal private address */
export const assertPublicHost = (hostname: string): void => {
  const bare = hostname.replace(/^\[|\]$/g, '')
  if (isIP(bare) !== 0 && isPrivateAddress(bare)) throw refusal(hostname)
}

/**
 * For calls through a proxy, which resolves names itself. A name that only the proxy knows is the proxy's to judge.
 * @throws AppError `forbidden` for a name that points inside
 */
export const assertPublicName = (hostname: string): Promise<void> =>
  new Promise((resolve, reject) => {
    lookup(hostname, { all: true }, (error, addresses) => {
      const isInside = !error && addresses.some(({ address }) => isPrivateAddress(address))
      if (isInside) reject(refusal(hostname))
      else resolve()
    })
  })

const refusal = (hostname: string): AppError =>
  new AppError(
    'forbidden',
    `${hostname} is a private address. If the service is meant to be there, the operator sets BERTH_ALLOW_PRIVATE=true.`,
  )
