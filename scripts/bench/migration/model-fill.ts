import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { callHttp } from '../../../src/cli/http.ts'
import { probeService } from '../../../src/health/probe.ts'
import type { Service } from '../../../src/model/service.ts'
import type { Fleet } from '../fleet/fleet.ts'
import type { Workspace } from '../fleet/workspace.ts'

type Filling = { workspace: Workspace; home: string; users: number }

const DEADLINE_MS = 60_000
const STARTERS = 4
const PROBE_MS = 2_000
const POLL_MS = 20

/** Gives every user an instance of every service of the shared fleet. @returns the instance URLs */
export const makeInstances = async (
  { services, daemonPort }: Fleet,
  { home, users }: Filling,
): Promise<string[]> => {
  const admin = readFileSync(join(home, 'admin.token'), 'utf8').trim()
  const post = async (path: string, token: string, body: unknown) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
    const sent = { method: 'POST', headers, body: JSON.stringify(body), deadlineMs: DEADLINE_MS }
    const answer = await callHttp(`http://127.0.0.1:${daemonPort}/api/v1${path}`, sent)
    if (answer.status > 299) throw new Error(`${path}: ${answer.status} ${answer.text}`)
    return JSON.parse(answer.text) as Record<string, string>
  }
  const urls: string[] = []
  for (let user = 0; user < users; user += 1) {
    const email = `user${user}@example.com`
    await post('/admin/users', admin, { email })
    const { token = '' } = await post('/admin/tokens', admin, { email })
    for (const service of services) {
      const credentials = credentialsFor(service)
      const made = await post(`/services/${service.name}/authenticate`, token, { credentials })
      urls.push(made['instanceUrl'] ?? '')
    }
  }
  return urls
}

const credentialsFor = ({ auth }: Service): Record<string, string> =>
  Object.fromEntries(
    auth.fields
      .filter(({ required }) => required)
      .map(({ name, type }) => [name, type === 'url' ? 'https://example.com' : type === 'email' ? 'a@example.com' : 'example']), // prettier-ignore
  )

/** One process of the same host program per user and service, as the older model had them. @returns their addresses */
export const startInstances = async (
  { services, daemonPort }: Fleet,
  { workspace, home, users }: Filling,
): Promise<string[]> => {
  const program = join(workspace.packageRoot, 'dist/services/mcp/main.js')
  const names = Array.from({ length: users }, () => services).flat()
  const wanted = names.map(({ name }, index) => ({ name, port: daemonPort - 1 - index }))
  const queue = [...wanted]
  const worker = async () => {
    for (let one = queue.pop(); one; one = queue.pop()) {
      const env = {
        ...workspace.env,
        SERVICE_MODE: 'shared',
        MCP_TYPE: one.name,
        PORT: String(one.port),
        BERTH_REGISTRY_FILE: join(home, 'run/serviceRegistry.json'),
        BERTH_HOST_KEY_FILE: join(home, 'host.key'),
        BERTH_LOG_LEVEL: 'error',
      }
      spawn(process.execPath, [program], { env, stdio: 'ignore' }).unref()
      await untilUp(one)
    }
  }
  await Promise.all(Array.from({ length: STARTERS }, worker))
  return wanted.map(({ port }) => `http://127.0.0.1:${port}/mcp`)
}

const untilUp = async ({ name, port }: { name: string; port: number }): Promise<void> => {
  const until = Date.now() + DEADLINE_MS
  while (!(await probeService({ service: name, port }, PROBE_MS)).ok) {
    if (Date.now() > until) throw new Error(`${name} does not answer on port ${port}`)
    await delay(POLL_MS)
  }
}
