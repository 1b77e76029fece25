import { setTimeout as delay } from 'node:timers/promises'
import { send } from './http.ts'
import type { OldInstance } from './old-fleet.ts'
import { markOf } from './two-world-api.ts'

/** One answered call of a tool under an old URL; right: with its owner's key, by a tool that did not fail. */
export type Called = { status: number; world: 'old' | 'shared' | undefined; isRight: boolean }

type Form = 'uuid' | 'token'

const HEADERS = { accept: 'application/json, text/event-stream', 'accept-encoding': 'gzip' }
const BODY = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'get_item', arguments: { id: '7' } } } // prettier-ignore
const PAUSE_MS = 50
/** Longer than any test: a load that nobody stopped, since its test failed, ends by itself. */
const MAX_MS = 180_000

export const callTool = async (url: string, instance: OldInstance, form: Form): Promise<Called> => {
  const { id, token, type, key } = instance
  const path = form === 'uuid' ? `/${id}/mcp/${type}` : `/mcp?token=${token}`
  const answer = await send(url, path, { method: 'POST', headers: HEADERS, body: BODY }).catch(() => undefined) // prettier-ignore
  if (!answer) return { status: 0, world: undefined, isRight: false }
  const { status, text } = answer
  const world = /\\"world\\":\\"(old|shared)\\"/.exec(text)?.[1] as Called['world']
  return { status, world, isRight: status === 200 && text.includes(markOf(key)) && !text.includes('"isError":true') } // prettier-ignore
}

/** The user of each instance, who calls it by both forms of its old URL, with pauses. */
export const startUsers = (url: string, instances: readonly OldInstance[]) => {
  const calls: Called[] = []
  let isOn = true
  const until = Date.now() + MAX_MS
  const users = instances.map(async (instance, index) => {
    for (let count = index; isOn && Date.now() < until; count += 1) {
      calls.push(await callTool(url, instance, count % 2 === 0 ? 'uuid' : 'token'))
      await delay(PAUSE_MS * 2 * Math.random())
    }
  })
  return {
    calls,
    stop: async (): Promise<readonly Called[]> => {
      isOn = false
      await Promise.all(users)
      return calls
    },
  }
}
