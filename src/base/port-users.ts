import { readdirSync, readFileSync } from 'node:fs'
import { commandOf } from './proc.ts'
import { socketsOf } from './process-sockets.ts'

/** A socket on one of our ports: of somebody who listens, or of a connection that has it as its own end. */
export type PortUser = {
  port: number
  isListening: boolean
  uid: number
  /** Undefined: a process that this user may not look into. */
  pid: number | undefined
  command: string
}

type Socket = { port: number; isListening: boolean; uid: number; inode: string }

const LISTEN = '0A'

/**
 * Who uses these ports of this machine. One pass over /proc for all of them: with the fleet up hundreds are in use, and a
 * pass for each would take seconds.
 */
export const findPortUsers = (ports: ReadonlySet<number>): PortUser[] => {
  const sockets = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => socketsIn(file, ports))
  const owners = findOwners(new Set(sockets.map(({ inode }) => inode)))
  return sockets.map(({ port, isListening, uid, inode }) => {
    const pid = owners.get(inode)
    return { port, isListening, uid, pid, command: pid === undefined ? '' : commandOf(pid) }
  })
}

/** Lines of proc(5) net/tcp. A socket without an inode belongs to nobody any more (TIME_WAIT) and blocks nobody. */
const socketsIn = (file: string, ports: ReadonlySet<number>): Socket[] =>
  textOf(file)
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const fields = line.trim().split(/\s+/)
      const [address = '', hexPort = ''] = fields[1]?.split(':') ?? []
      const port = Number.parseInt(hexPort, 16)
      const inode = fields[9] ?? '0'
      if (!ports.has(port) || inode === '0' || !isInTheWay(address)) return []
      return [{ port, isListening: fields[3] === LISTEN, uid: Number(fields[7]), inode }]
    })

/** Every service listens on 127.0.0.1: only sockets there, or on all addresses, keep it from that. */
const isInTheWay = (address: string): boolean =>
  /^0+$/.test(address) || address.endsWith('0100007F')

const findOwners = (inodes: ReadonlySet<string>): Map<string, number> => {
  const owners = new Map<string, number>()
  if (inodes.size === 0) return owners
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)))
    for (const inode of socketsOf(pid)) if (inodes.has(inode)) owners.set(inode, Number(pid))
  return owners
}

const textOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // a kernel without IPv6
  }
}
