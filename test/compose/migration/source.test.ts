import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { readConfig } from '../../../src/base/config.ts'
import { withLegacySource } from '../../../src/compose/migration/source.ts'
import { useTempFolder } from '../../support/temp-folder.ts'

describe('the older database', function () {
  this.timeout(30_000) // a statement there may take half an hour; this must not
  const folder = useTempFolder()

  it('that takes connections and says nothing is given up, by the name of the flag', async () => {
    const sockets: Socket[] = []
    const silent = createServer((socket) => void sockets.push(socket))
    await once(silent.listen(0, '127.0.0.1'), 'listening')
    const { port } = silent.address() as AddressInfo
    const source = `postgres://ann:geheim@127.0.0.1:${port}/old`
    const config = readConfig({ BERTH_HOME: join(folder(), 'home') })
    const asked = { config, options: { source, decoder: 'none' as const }, own: undefined }
    await assert.rejects(
      withLegacySource(asked, () => Promise.reject(new Error('it was opened'))),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'database_unavailable')
        assert.match(error.message, new RegExp(`127.0.0.1:${port}/old, does not answer: .*timeout.*Check --source`)) // prettier-ignore
        assert.doesNotMatch(error.message, /geheim/)
        return true
      },
    )
    assert.ok(sockets.length > 0)
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
})
