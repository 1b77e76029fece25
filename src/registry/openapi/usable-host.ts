import { isIP } from 'node:net'

/** RFC 2606, RFC 6761 and what networks call their inside. */
const INSIDE =
  /(^|\.)(localhost|local|internal|intranet|lan|home|corp|test|example|invalid|localdomain)$/
const STAND_INS =
  /(^|\.)example\.(com|org|net)$|your[-_]?(account|domain|company|subdomain|server|host)/
const LABEL = /^(?!-)[a-z\d_-]{1,63}$/

/**
 * Whether an address with this host may go into the registry: a public name under a fixed domain. What the registry
 * names is open for calls also when it lies inside, so no document shall put a private address there. Placeholders are
 * single labels, so they may not be what decides on the domain.
 */
export const isUsableHost = (hostAndPort: string): boolean => {
  const [, host = '', port = '1'] = /^(.*?)(?::(\d{1,5}))?$/.exec(hostAndPort.toLowerCase()) ?? []
  if (Number(port) < 1 || Number(port) > 65_535) return false
  if (isIP(host.replace(/^\[|\]$/g, '')) !== 0 || INSIDE.test(host) || STAND_INS.test(host)) return false // prettier-ignore
  return isUnderDomain(host.split('.'))
}

/** Two fixed labels at the end; browsers and Node read a number there as IPv4. */
const isUnderDomain = (labels: readonly string[]): boolean =>
  labels.length >= 2 &&
  labels.slice(-2).every((label) => LABEL.test(label)) &&
  labels.every(isLabel) &&
  !/^(\d+|0x[\da-f]+)$/.test(labels.at(-1) ?? '')

const isLabel = (label: string): boolean => LABEL.test(label.replace(/\{[a-z_][\w-]*\}/g, 'x'))
