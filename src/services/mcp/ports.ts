import type { Server } from 'node:http'
import { createServer, type Server as NetServer } from 'node:net'
import { systemCodeOf } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { findListener } from '../../base/proc.ts'

export type Ports = {
  /** Listens on a port; resolves when it listens or is found taken. */
  open: (port: number) => Promise<void>
  /** Takes no more connections on a port; those that are open end by themselves. */
  close: (port: number) => void
  closeAll: () => void
  /** Ports that somebody else holds. */
  taken: () => number[]
}

type PortsOptions = { server: Server; log: Log }
type Port = { listener: NetServer; retry: NodeJS.Timeout | undefined }

const RETRY_MS = 1_000
const BACKLOG = 512

/**
 * Listens on many ports of 127.0.0.1 for one HTTP server. A port that is taken does not hold up the others: it is tried
 * again each second, and the log names who holds it.
 */
export const createPorts = ({ server, log }: PortsOptions): Ports => {
  const ports = new Map<number, Port>()

  const listen = async (port: number, isRetry: boolean): Promise<void> => {
    const listener = createServer((socket) => server.emit('connection', socket))
    const entry: Port = { listener, retry: undefined }
    ports.set(port, entry)
    try {
      await listenOn(listener, port)
      if (ports.get(port) !== entry) listener.close()
      else if (isRetry) log.info('port is ours now', { port })
    } catch (error) {
      if (!isRetry) logTaken(log, port, error)
      const isWanted = ports.get(port) === entry
      if (isWanted) entry.retry = setTimeout(() => void listen(port, true), RETRY_MS)
    }
  }

  const close = (port: number): void => {
    const entry = ports.get(port)
    ports.delete(port)
    clearTimeout(entry?.retry)
    if (entry?.listener.listening) entry.listener.close()
  }

  return {
    open: async (port) => {
      if (!ports.has(port)) await listen(port, false)
    },
    close,
    closeAll: () => [...ports.keys()].forEach(close),
    taken: () => [...ports].filter(([, { retry }]) => retry !== undefined).map(([port]) => port),
  }
}

const listenOn = (listener: NetServer, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    listener.once('error', reject)
    listener.listen({ port, host: '127.0.0.1', backlog: BACKLOG }, resolve)
  })

const logTaken = (log: Log, port: number, error: unknown): void => {
  const heldBy = findListener(port)
  const reserve = `reserve the static ports: sysctl -w net.ipv4.ip_local_reserved_ports=${port}`
  log.error('port is taken', {
    port,
    code: systemCodeOf(error),
    heldBy: heldBy ?? `no listener to be seen: an outgoing connection may use it; ${reserve}`,
  })
}
