import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** What the API does to the shared fleet alone; each may be changed at any time. */
type Fault = { factor: number; slowShare: number; errorShare: number }

const NO_FAULT: Fault = { factor: 1, slowShare: 0, errorShare: 0 }
const MEDIAN_MS = 40

/** What the API says of a key: itself it would be masked on its way. */
export const markOf = (key: string): string =>
  createHash('sha256').update(key).digest('hex').slice(0, 12)

/** An API that both worlds call. It says who called with which key, takes its time at random, and may treat one world worse. */
export const startTwoWorldApi = async () => {
  const fault = { ...NO_FAULT }
  const server = createServer((incoming, response) => {
    incoming.resume()
    const world = incoming.headers['x-world'] === 'old' ? 'old' : 'shared'
    const { factor, slowShare, errorShare } = world === 'old' ? NO_FAULT : fault
    const usual = MEDIAN_MS * (0.6 + 0.8 * Math.random())
    const latencyMs = usual * factor * (Math.random() < slowShare ? 10 : 1)
    const status = Math.random() < errorShare ? 500 : 200
    const body = JSON.stringify({ world, mark: markOf(String(incoming.headers['x-api-key'])) })
    void delay(latencyMs).then(() =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(body),
    )
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    inject: (one: Partial<Fault>): void => void Object.assign(fault, NO_FAULT, one),
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
