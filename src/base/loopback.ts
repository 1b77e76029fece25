/**
 * Where our own connections to this machine come from. The static ports lie in the range from which Linux takes ports for
 * outgoing connections: one from 127.0.0.1 may hold a service's port for as long as it lasts, or connect to itself. From
 * another loopback address it cannot.
 *
 * @returns options for `net.connect` and whatever passes them on
 */
export const loopbackSource = (host: string): { localAddress?: string } =>
  /^127\.\d+\.\d+\.\d+$/.test(host) ? { localAddress: '127.0.0.2' } : {}
