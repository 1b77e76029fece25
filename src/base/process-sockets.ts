import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Inodes of the sockets that a process has open; none of a process that this user may not look into. */
export const socketsOf = (pid: number | string): string[] => {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1]
      return inode === undefined ? [] : [inode]
    })
  } catch {
    return [] // another user's, or it just ended
  }
}

const linkOf = (path: string): string => {
  try {
    return readlinkSync(path)
  } catch {
    return '' // closed since
  }
}

/** Which of these processes listen on a unix socket of this path. A socket whose file was replaced still counts. */
export const listenersOn = (path: string, pids: readonly number[]): number[] => {
  const LISTENS = '00010000' // proc(5) net/unix: Num RefCount Protocol Flags Type St Inode Path
  const inodes = readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === LISTENS && fields.slice(7).join(' ') === path)
    .map((fields) => fields[6])
  return pids.filter((pid) => socketsOf(pid).some((inode) => inodes.includes(inode)))
}
