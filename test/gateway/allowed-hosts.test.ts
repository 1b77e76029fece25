import assert from 'node:assert/strict'
import { AppError } from '../../src/base/errors.ts'
import { createHostCheck } from '../../src/gateway/allowed-hosts.ts'
import { INSTANCE_PATH, startGateway } from '../support/gateway.ts'
import { useCleanup } from '../support/cleanup.ts'
import { errorOf, send } from '../support/http.ts'
import { startRecorder } from '../support/recorder.ts'

describe('allowed hosts', () => {
  const check = createHostCheck('https://berth.example:8443/', ['Friend.Example', 'with.port:81'])
  const statusOf = (headers: { host?: string; origin?: string }): number => {
    try {
      check(headers)
      return 200
    } catch (error) {
      assert.ok(error instanceof AppError && error.code === 'host_not_allowed')
      return error.status
    }
  }

  for (const host of [
    'localhost',
    'localhost:3000',
    '127.0.0.1:1',
    '[::1]:3000',
    'berth.example',
    'BERTH.example:8443',
    'friend.example:9',
    'with.port:81',
  ])
    it(`lets ${host} in`, () => {
      assert.equal(statusOf({ host }), 200)
      assert.equal(statusOf({ host: 'localhost', origin: `https://${host}` }), 200)
    })

  for (const host of [
    'evil.example',
    'berth.example.evil',
    'evil.berth.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'with.port',
    'with.port:82',
    'localhost@evil.example',
    'localhost:80:80',
  ])
    it(`keeps ${host} out`, () => {
      assert.equal(statusOf({ host }), 421)
    })

  it('keeps out requests that name no host, and origins that are not ours or opaque', () => {
    assert.equal(statusOf({}), 421)
    assert.equal(statusOf({ host: '' }), 421)
    for (const origin of ['https://evil.example', 'http://localhost.evil.example', 'null', '', 'x'])
      assert.equal(statusOf({ host: 'localhost', origin }), 403, origin)
  })

  const cleanUp = useCleanup()
  it('stands before gateway and API alike', async () => {
    const host = await startRecorder()
    cleanUp(host.stop)
    const front = await startGateway({ ports: { widgets: host.port } })
    cleanUp(front.stop)
    for (const path of [`${INSTANCE_PATH}/mcp`, '/api/v1/services']) {
      const rebound = await send(front.url, path, { headers: { host: 'evil.example' } })
      assert.deepEqual([rebound.status, errorOf(rebound).code], [421, 'host_not_allowed'])
      const page = await send(front.url, path, { headers: { origin: 'https://evil.example' } })
      assert.deepEqual([page.status, errorOf(page).code], [403, 'host_not_allowed'])
    }
    assert.deepEqual(host.requests, [])
    const origin = 'https://berth.example'
    assert.equal((await send(front.url, INSTANCE_PATH, { headers: { origin } })).status, 200)
  })
})
