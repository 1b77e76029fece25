import { lookup, type LookupAddress, type LookupOptions } from 'node:dns'
import { isIP } from 'node:net'
import { AppError } from './errors.ts'
import { isPrivateAddress } from './private-address.ts'

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
