import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { logThrough } from '../../../src/base/log.ts'
import { CREDENTIALS_HEADER } from '../../../src/model/host-credentials.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { findFreePorts } from '../../support/free-ports.ts'
import { startHostHere } from '../../support/host.ts'
import { send } from '../../support/http.ts'
import { makeService } from '../../support/services.ts'
import { useTempFolder } from '../../support/temp-folder.ts'
import { makeTool } from '../../support/tools.ts'

const VANISHING = 20

describe('clients that vanish before their request is whole', () => {
  const folder = useTempFolder()
  const cleanUp = useCleanup()

  for (const path of ['/mcp', '/tools/get_item'])
    it(`leave no word in the log of their service: ${path}`, async () => {
      const [port = 0] = await findFreePorts(1)
      const service = makeService({ port, tools: [makeTool({ name: 'get_item', method: 'POST' })] })
      const lines: object[] = []
      const log = logThrough((level, fields) => void lines.push({ level, ...fields }), 'host')
      const host = await startHostHere({ folder: folder(), services: [service], log })
      cleanUp(host.stop)
      const head = [
        `POST ${path} HTTP/1.1`, 'host: 127.0.0.1', 'content-type: application/json', 'content-length: 1000',
        'accept: application/json, text/event-stream',
        `${CREDENTIALS_HEADER}: ${host.sealed(service, { api_key: 'k' })[CREDENTIALS_HEADER]}`,
      ].join('\r\n') // prettier-ignore
      for (let count = 0; count < VANISHING; count += 1) {
        const socket = connect(port, '127.0.0.1')
        await once(socket, 'connect')
        socket.write(`${head}\r\n\r\n{"jsonrpc"`)
        await new Promise((resolve) => setImmediate(resolve))
        socket.resetAndDestroy()
        await once(socket, 'close')
      }
      // What the host was told before this, it has noticed by its answer.
      assert.equal((await send(host.urlOf(service), '/health')).status, 200)
      await host.stop()
      assert.deepEqual(lines.filter((line) => 'level' in line && line.level !== 'info'), []) // prettier-ignore
    })
})
