import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Tool } from '../../src/model/service.ts'
import { useCleanup } from '../support/cleanup.ts'
import { startConversations } from '../support/conversations.ts'
import { pidsOf, useFleet } from '../support/fleet.ts'
import { findFreePorts } from '../support/free-ports.ts'
import { send } from '../support/http.ts'
import { addUser } from '../support/instances.ts'
import { startRecorder } from '../support/recorder.ts'
import { makeTool } from '../support/tools.ts'
import { waitUntil } from '../support/wait-until.ts'

const COMMAND = join(import.meta.dirname, '../../dist/cli/main.js')
const GATEWAYS = 2
const CLIENTS = 3
const title = { title: { required: true } }
const TOOLS: readonly Tool[] = [
  makeTool({ name: 'add_item', description: 'Adds.', method: 'POST', parameters: title }),
  makeTool({ name: 'get_item', description: 'Gets.', parameters: title }),
]

describe('clients of both eras in the middle of their sessions', function () {
  this.timeout(120_000)
  const fleet = useFleet({ services: ['alpha'], env: { BERTH_HOSTS: '1' } })
  const cleanUp = useCleanup()
  let api: Awaited<ReturnType<typeof startRecorder>>
  let instance = ''

  before('up, with a user and an API', async () => {
    api = await startRecorder()
    const limits = { requestsPerSecond: 0, concurrent: 0 }
    const baseURL = `${api.url}/v1`
    fleet().configure('alpha', { limits, tools: TOOLS, api: { baseURL, version: '', documentation: '' } }) // prettier-ignore
    await fleet().json(['up'])
    const ann = await addUser(fleet(), 'ann@example.com')
    instance = `${await ann.newInstance('alpha')}/mcp`
  })
  after(() => api.stop())
  beforeEach(() => api.requests.splice(0))

  /** `berth gateway` on a port of its own. */
  const startGateways = async () => {
    const [port = 0] = await findFreePorts(1)
    const env = { ...fleet().env, PORT: String(port) }
    const args = [COMMAND, 'gateway', '--processes', String(GATEWAYS)]
    const path = { PATH: process.env['PATH'] ?? '' }
    const child = spawn(process.execPath, args, { env: { ...env, ...path }, stdio: 'ignore' })
    const exited = once(child, 'exit')
    cleanUp(async () => {
      child.kill('SIGTERM')
      await exited
    })
    const url = `http://127.0.0.1:${port}`
    const seen = new Set<number>()
    await waitUntil('every gateway answers', async () => {
      const answer = await send(url, '/health', { headers: { connection: 'close' } }).catch(() => undefined) // prettier-ignore
      if (answer) seen.add((answer.body as { pid: number }).pid)
      return seen.size === GATEWAYS
    })
    return { url, env }
  }

  const assertNothingLost = (talks: ReturnType<typeof startConversations>) => {
    assert.deepEqual(talks.failures, [])
    const added = api.requests.filter(({ method }) => method === 'POST').map(({ body }) => body)
    assert.equal(new Set(added).size, added.length, 'nothing is carried out twice')
    assert.equal(api.requests.length, talks.count())
  }

  const converse = (url: string) =>
    startConversations(new URL(instance, url), {
      tools: ['add_item', 'get_item'],
      clients: CLIENTS,
    })

  it('notice nothing of a rolling restart of two gateway processes', async () => {
    const { url, env } = await startGateways()
    const talks = converse(url)
    await talks.allGoOn()
    for (let restart = 0; restart < 2; restart++) {
      await fleet().json(['gateway', 'restart'], { env })
      await talks.allGoOn()
    }
    await talks.stop()
    assertNothingLost(talks)
  })

  it('notice nothing of a restart of the host, through the daemon as through gateways', async () => {
    const before = pidsOf(await fleet().json(['status']))['mcp-host-0']
    const { url } = await startGateways()
    const talks = [converse(url), converse(fleet().url)]
    const all = () => Promise.all(talks.map(({ allGoOn }) => allGoOn()))
    await all()
    await fleet().json(['restart', 'alpha'])
    await all()
    const after = await fleet().json(['status'])
    await Promise.all(talks.map(({ stop }) => stop()))
    assert.notEqual(pidsOf(after)['mcp-host-0'], before)
    const [first, second] = talks
    assert.deepEqual([first?.failures, second?.failures], [[], []])
    assert.equal(api.requests.length, (first?.count() ?? 0) + (second?.count() ?? 0))
  })
})
