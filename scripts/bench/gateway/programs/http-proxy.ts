// The peer: http-proxy as it is, with an agent that keeps connections alive.
import { Agent, createServer } from 'node:http'
import httpProxy from 'http-proxy'

const [port, upstream] = process.argv.slice(2).map(Number)
const agent = new Agent({ keepAlive: true, maxFreeSockets: 1_024 })
const proxy = httpProxy.createProxyServer({
  agent,
  target: { host: '127.0.0.1', port: upstream ?? 0 },
})
createServer((request, response) =>
  proxy.web(request, response, undefined, () => response.writeHead(502).end()),
).listen({ port, host: '127.0.0.1', backlog: 4096 })
