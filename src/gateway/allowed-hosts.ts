import { AppError } from '../base/errors.ts'
import type { CheckHost } from './faults.ts'

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/**
 * Keeps pages of other sites from reaching this server through a browser (DNS rebinding): the `Host` header must name one
 * of our addresses, and an `Origin`, when there is one, too.
 *
 * @param names host names, or `host:port`; those without a port stand for any
 * @returns a check that throws AppError `host_not_allowed`
 */
export const createHostCheck = (baseUrl: string, names: readonly string[]): CheckHost => {
  const { hostname, host: hostAndPort } = new URL(baseUrl)
  const own = [...LOOPBACK, hostname, hostAndPort]
  const allowed = new Set([...own, ...names.map((name) => name.toLowerCase())])
  const isAllowed = (host: string) => allowed.has(host) || allowed.has(host.replace(/:\d+$/, ''))
  return ({ host, origin }) => {
    if (!isAllowed((host ?? '').toLowerCase())) throw refusal('Host', host ?? 'nothing')
    if (origin === undefined) return
    const originHost = URL.canParse(origin) ? new URL(origin).host : ''
    if (!isAllowed(originHost)) throw refusal('Origin', origin)
  }
}

const refusal = (header: string, value: string): AppError =>
  new AppError(
    'host_not_allowed',
    `The ${header} header says ${value}, which is none of our addresses. If it should be, set BASE_URL or BERTH_ALLOWED_HOSTS.`,
    { status: header === 'Origin' ? 403 : 421 },
  )
