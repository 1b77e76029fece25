import { Agent, request } from 'node:http'
import { loopbackSource } from '../../../src/base/loopback.ts'

const BODY = '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}'
const CALLERS = 8
const CALL_MS = 30_000

/** Asks every address for its tools so many times. @throws Error naming what was not answered with 200 */
export const callAll = async (urls: readonly string[], times: number): Promise<void> => {
  const agent = new Agent({ keepAlive: true, maxSockets: CALLERS })
  const queue = Array.from({ length: times }, () => urls).flat()
  const worker = async () => {
    for (let url = queue.pop(); url !== undefined; url = queue.pop()) {
      const status = await call(url, agent)
      if (status !== 200) throw new Error(`a call was answered with ${status}`)
    }
  }
  try {
    await Promise.all(Array.from({ length: CALLERS }, worker))
  } finally {
    agent.destroy()
  }
}

const call = (url: string, agent: Agent): Promise<number> =>
  new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(BODY),
      accept: 'application/json, text/event-stream',
    }
    const signal = AbortSignal.timeout(CALL_MS)
    const options = { method: 'POST', agent, headers, signal, ...loopbackSource('127.0.0.1') }
    const outgoing = request(url, options, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
    })
    outgoing.on('error', reject)
    outgoing.end(BODY)
  })
