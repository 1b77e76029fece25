import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** `open` passes everything on; `closed` breaks and refuses connections; `silent` takes them, and nothing comes through. */
export type Passage = 'open' | 'closed' | 'silent'

/** Stands between a program and a server, and can take the server away. */
export const startCutConnection = async (target: { host: string; port: number }) => {
  const sockets = new Set<Socket>()
  let passage: Passage = 'open'
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket))
  }
  const server = createServer((near) => {
    keep(near)
    if (passage === 'closed') near.destroy()
    if (passage !== 'open') return
    const far = connect(target)
    keep(far)
    near.pipe(far).pipe(near)
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const breakAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    pass: (next: Passage): void => {
      passage = next
      if (next === 'silent') for (const socket of sockets) socket.unpipe().pause()
      else breakAll()
    },
    stop: async (): Promise<void> => {
      breakAll()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
