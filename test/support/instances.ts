import assert from 'node:assert/strict'
import type { Fleet } from './fleet.ts'
import { send } from './http.ts'

type Bearer = { authorization: string }

/** A user of a running fleet, made through the command; the keys go through the API. */
export const addUser = async (fleet: Fleet, email: string) => {
  await fleet.json(['user', 'add', email])
  const { token } = await fleet.json<{ token: string }>(['token', 'create', '--user', email])
  const headers: Bearer = { authorization: `Bearer ${token}` }
  return {
    headers,
    /** @returns the path of an instance URL, without `/mcp` */
    newInstance: async (service: string, apiKey = 'key-of-the-tests'): Promise<string> => {
      const path = `/api/v1/services/${service}/authenticate`
      const answer = await send(fleet.url, path, { method: 'POST', headers, body: { apiKey } })
      assert.ok([200, 201].includes(answer.status), answer.text)
      const { instanceUrl } = answer.body as { instanceUrl: string }
      return new URL(instanceUrl).pathname.replace(/\/mcp$/, '')
    },
  }
}
