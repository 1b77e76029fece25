import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'

/**
 * A forward proxy (RFC 9110 §7.3.2, §9.3.6) that remembers what was asked of it. Whatever the host, plain requests go to
 * one port of this machine and tunnels to another.
 */
export const startProxy = async ({ plainPort, tunnelPort }: Record<string, number>) => {
  const seen: string[] = []
  const state = { status: 200, authorization: new Set<string | undefined>() }
  const note = ({ method, url, headers }: IncomingMessage) => {
    seen.push(`${method ?? ''} ${url ?? ''}`)
    state.authorization.add(headers['proxy-authorization'])
  }
  const pass = (incoming: IncomingMessage, response: ServerResponse): void => {
    note(incoming)
    if (state.status !== 200) {
      response.writeHead(state.status).end('refused by the proxy')
      return
    }
    const { method, headers } = incoming
    const { pathname, search } = new URL(incoming.url ?? '')
    const onward = { host: '127.0.0.1', port: plainPort, path: `${pathname}${search}` }
    const outgoing = request({ ...onward, method, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    incoming.pipe(outgoing)
  }
  const tunnels = new Set<Socket>()
  const server = createServer(pass).on('connect', (incoming: IncomingMessage, socket: Socket) => {
    note(incoming)
    tunnels.add(socket.on('error', () => socket.destroy()))
    if (state.status !== 200) {
      socket.end(`HTTP/1.1 ${state.status} No\r\ncontent-length: 0\r\n\r\n`)
      return
    }
    const end = connect(tunnelPort ?? 0, '127.0.0.1').on('error', () => socket.destroy())
    socket.write('HTTP/1.1 200 Here\r\n\r\n')
    socket.pipe(end).pipe(socket)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    address: `127.0.0.1:${port}`,
    seen,
    state,
    stop: async () => {
      for (const socket of tunnels) socket.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
