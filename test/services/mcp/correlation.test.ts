import assert from 'node:assert/strict'
import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import type { CrashRecord } from '../../../src/model/crash.ts'
import { logThrough } from '../../../src/base/log.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { findFreePorts } from '../../support/free-ports.ts'
import { INSTANCE_PATH, startGateway } from '../../support/gateway.ts'
import { spawnHost } from '../../support/host.ts'
import { errorOf, send } from '../../support/http.ts'
import { makeService } from '../../support/services.ts'
import { useTempFolder } from '../../support/temp-folder.ts'

const HOOK = join(import.meta.dirname, '../../fixtures/crash-on-word.cjs')

describe('the id of a request', function () {
  this.timeout(20_000)
  const folder = useTempFolder()
  const cleanUp = useCleanup()

  const start = async () => {
    const [port = 0, nobody = 0] = await findFreePorts(2)
    const crashFile = join(folder(), 'host.crash.json')
    const host = await spawnHost({
      folder: folder(),
      services: [makeService({ port, tools: [TOOL] })],
      env: {
        NODE_OPTIONS: `--require=${HOOK}`,
        BERTH_CRASH_FILE: crashFile,
        BERTH_SANDBOX_URL: `http://127.0.0.1:${nobody}`,
      },
    })
    cleanUp(host.stop)
    const lines: Record<string, unknown>[] = []
    const log = logThrough((_level, fields) => lines.push(fields), 'gateway')
    const { hostKey } = host
    const front = await startGateway({ ports: { widgets: port }, hostKey, log })
    cleanUp(front.stop)
    const path = `${INSTANCE_PATH}/tools/get_item`
    const call = (id: string) => send(front.url, path, { method: 'POST', body: { id } })
    return { call, host, lines, crashFile }
  }
  const TOOL = {
    name: 'get_item',
    description: 'Gets one.',
    endpoint: '/items/{id}',
    method: 'GET' as const,
    parameters: { id: { type: 'string' as const, required: true, description: 'Its id' } },
  }

  it('is the same for client and host when a tool fails', async () => {
    const { call, host } = await start()
    const answer = await call('1') // nobody is there to be asked
    const line = await host.hasLogged('tool failed')
    assert.ok(line['requestId'])
    assert.equal(line['requestId'], answer.headers['x-request-id'])
  })

  it('is the same for client, gateway and host when the host crashes over it', async () => {
    const { call, host, lines, crashFile } = await start()
    const answer = await call('please crash')
    const { status, code } = errorOf(answer)
    assert.deepEqual([status, code], [503, 'service_unavailable'])
    const id = answer.headers['x-request-id']
    const crashed = await host.hasLogged('host crashed')
    assert.deepEqual([crashed['requestId'], crashed['service']], [id, 'widgets'])
    const failed = lines.find(({ event }) => event === 'request failed')
    assert.equal(failed?.['requestId'], id)
    const record = JSON.parse(readFileSync(crashFile, 'utf8')) as CrashRecord
    assert.equal(record.requestId, id)
  })
})
