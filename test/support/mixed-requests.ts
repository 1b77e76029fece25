import { createServer, request, Agent, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { silentLog } from '../../src/base/log.ts'
import { createUsage } from '../../src/gateway/usage.ts'
import { hashSecret } from '../../src/model/instance.ts'
import type { Database } from '../../src/store/database.ts'
import { addUsage } from '../../src/store/usage.ts'
import { makeInstance, SECRET, startGateway } from './gateway.ts'

const SERVICES = ['widgets', 'gadgets', 'gizmos'] as const
const USERS = ['1a2b3c4d-0000-4000-8000-000000000000', '2a2b3c4d-0000-4000-8000-000000000000']
const CONNECTIONS = 16

/** What a host says of its calls, by the path's last word. */
const KINDS = {
  ok: { status: 200, report: (tool: string) => ({ tool, ok: true, status: 200, ms: 1 }) },
  failed: { status: 200, report: (tool: string) => ({ tool, ok: false, ms: 1 }) },
  list: { status: 200 },
  broken: { status: 500 },
  missing: { status: 404 },
} as const
type Kind = keyof typeof KINDS

/** What was sent, counted where it was sent. */
export type Counted = { requests: number; errors: number }

/** Answers as a host, each kind of request in its way. */
const answerAsHost = (incoming: IncomingMessage, response: ServerResponse): void => {
  const [, kind = '', tool = ''] = (incoming.url ?? '').split('/')
  const { status, ...rest } = KINDS[kind as Kind]
  incoming.resume().on('end', () => {
    const headers = 'report' in rest ? { 'x-berth-usage': JSON.stringify(rest.report(tool)) } : {}
    response.writeHead(status, headers).end('x'.repeat(tool.length * 100))
  })
}

/** Pseudo-random, the same each time. */
const createRandom = () => {
  let state = 42
  return (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return Math.floor((state / 0x80000000) * below)
  }
}

const handleOf = (service: string, user: string) => `${service.slice(0, 3)}_user_${user.slice(0, 8)}_9f2c1e` // prettier-ignore

/**
 * Sends so many requests of every kind through a real gateway to the database, and counts them by itself.
 *
 * @returns by service and tool, and the bytes of all connections
 */
export const sendMixed = async (database: Database, total: number) => {
  const host = createServer(answerAsHost).listen(0, '127.0.0.1')
  await once(host, 'listening')
  const { port } = host.address() as AddressInfo
  const usage = createUsage({ write: (batch) => addUsage(database, batch), log: silentLog })
  await usage.start()
  const instances = SERVICES.flatMap((service) =>
    USERS.map((userId) => makeInstance({ handle: handleOf(service, userId), userId, service, secretHash: hashSecret(SECRET) })),
  ) // prettier-ignore
  const gateway = await startGateway({
    ports: Object.fromEntries(SERVICES.map((service) => [service, port])),
    instances,
    limitsOf: () => ({ requestsPerSecond: 0, burst: 0, concurrent: 0, maxBodyBytes: 0 }),
    countUsage: usage.count,
  })
  const counted = new Map<string, Counted>()
  const count = (name: string, isError: boolean) => {
    const sums = counted.get(name) ?? { requests: 0, errors: 0 }
    counted.set(name, { requests: sums.requests + 1, errors: sums.errors + (isError ? 1 : 0) })
  }
  const sockets = new Set<Socket>()
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const random = createRandom()
  const one = async (): Promise<void> => {
    const service = SERVICES[random(SERVICES.length)] ?? 'widgets'
    const user = USERS[random(USERS.length)] ?? ''
    const kind = (Object.keys(KINDS) as Kind[])[random(5)] ?? 'ok'
    const tool = ['get', 'list_all', 'delete_it'][random(3)] ?? ''
    const body = 'b'.repeat(random(2_000))
    const path = `/${handleOf(service, user)}_${SECRET}/${service}/${kind}/${tool}`
    const sent = request(gateway.url + path, { method: 'POST', agent, headers: { 'content-length': body.length } }) // prettier-ignore
    sent.end(body)
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    sockets.add(answer.socket)
    await once(answer.resume(), 'end')
    count(`${service}/${'report' in KINDS[kind] ? tool : ''}`, kind !== 'ok' && kind !== 'list')
  }
  let left = total
  const worker = async () => {
    while (left-- > 0) await one()
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, worker))
  const bytes = [...sockets].reduce((sum, { bytesRead, bytesWritten }) => ({ in: sum.in + bytesWritten, out: sum.out + bytesRead }), { in: 0, out: 0 }) // prettier-ignore
  agent.destroy()
  await gateway.stop()
  await usage.stop()
  host.close()
  host.closeAllConnections()
  return { counted, bytes }
}
