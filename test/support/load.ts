import { Agent, request } from 'node:http'

export type Asked = {
  url: string
  method?: string
  headers?: Record<string, string>
  body?: string
}

/** Longer than any test: a load that nobody stopped, since its test failed, ends by itself. */
const MAX_MS = 180_000

/** Clients that ask again and again, one thing after the other: half of them over new connections, half over lasting ones. */
export const startLoad = (asked: readonly Asked[], clients = 6) => {
  const statuses: number[] = []
  const failures: string[] = []
  let isOn = true
  const until = Date.now() + MAX_MS
  let count = 0
  const ask = async (agent: Agent | false): Promise<void> => {
    const what = asked[count++ % asked.length]
    if (!what) return
    try {
      const status = await statusOf(what, agent)
      statuses.push(status)
      if (status !== 200) failures.push(`${what.url}: ${status}`)
    } catch (error) {
      failures.push(`${what.url}: ${String(error)}`)
    }
  }
  const loops = Array.from({ length: clients }, async (_, index) => {
    const agent = index % 2 === 0 ? false : new Agent({ keepAlive: true })
    while (isOn && Date.now() < until) await ask(agent)
    if (agent) agent.destroy()
  })
  const stop = async (): Promise<void> => {
    isOn = false
    await Promise.all(loops)
  }
  return { statuses, failures, stop }
}

/** As clients do, it asks again when an idle connection turns out to be closed (RFC 9112 §9.3.1). */
const statusOf = (asked: Asked, agent: Agent | false): Promise<number> =>
  new Promise((resolve, reject) => {
    const { url, method = 'GET', headers = {}, body } = asked
    const outgoing = request(url, { agent, method, headers }, (incoming) => {
      incoming.on('error', reject)
      incoming.on('end', () => resolve(incoming.statusCode ?? 0)).resume()
    })
    outgoing.on('error', (error) => {
      if (outgoing.reusedSocket) statusOf(asked, agent).then(resolve, reject)
      else reject(error)
    })
    outgoing.end(body)
  })
