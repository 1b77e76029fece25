import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Fleet } from './fleet.ts'
import { findFreePorts } from './free-ports.ts'
import { send } from './http.ts'
import { waitUntil } from './wait-until.ts'

const COMMAND = join(import.meta.dirname, '../../dist/cli/main.js')

/** `berth gateway` beside a fleet, as an operator runs it by hand; returns when every process answers. */
export const spawnGateway = async (
  fleet: Fleet,
  processes: number,
  more: Record<string, string> = {},
) => {
  const [port = 0] = await findFreePorts(1)
  const env = { ...fleet.env, PORT: String(port), PATH: process.env['PATH'] ?? '', ...more }
  const args = [COMMAND, 'gateway', '--processes', String(processes)]
  const child = spawn(process.execPath, args, { env, stdio: 'ignore' })
  const exited = once(child, 'exit')
  const url = `http://127.0.0.1:${port}`
  const get = (path: string) => send(url, path, { headers: { connection: 'close' } })
  const pids = new Set<number>()
  await waitUntil('every process answers', async () => {
    const answer = await get('/health').catch(() => undefined)
    if (answer) pids.add((answer.body as { pid: number }).pid)
    return pids.size === processes
  })
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await exited
  }
  return { url, get, pids: [...pids], child, exited, env, stop }
}
