import type { IncomingHttpHeaders } from 'node:http'
import { AppError } from '../../base/errors.ts'

const LOOPBACK = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[::1\])(?::\d{1,5})?$/i

/**
 * A static port is for programs of this machine. A page in a browser that got here by DNS rebinding names itself in `Host`,
 * and any page in `Origin`, which the gateway passes on from nobody.
 *
 * @throws AppError `host_not_allowed`
 */
export const checkHost = ({ host = '', origin }: IncomingHttpHeaders): void => {
  const isOwnOrigin =
    origin === undefined || (URL.canParse(origin) && LOOPBACK.test(new URL(origin).host))
  if (LOOPBACK.test(host) && isOwnOrigin) return
  throw new AppError('host_not_allowed', 'A static port answers to this machine alone.', {
    status: 403,
  })
}
