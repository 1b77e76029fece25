// One process that answers on many ports like a host; says which, as one line of JSON.
import { createServer } from 'node:http'
import { createServer as listenOn, type AddressInfo } from 'node:net'

const count = Number(process.argv[2])
const names = new Map<number | undefined, string>()
const server = createServer((request, response) => {
  const service = names.get(request.socket.localPort)
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ service, status: 'healthy', tools: 1, pid: process.pid }))
})
for (let index = 0; index < count; index++) {
  const listener = listenOn((socket) => server.emit('connection', socket))
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  names.set((listener.address() as AddressInfo).port, `s${index}`)
}
console.log(JSON.stringify([...names.keys()]))
