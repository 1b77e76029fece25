import assert from 'node:assert/strict'
import { hashSecret } from '../../src/model/instance.ts'
import { HANDLE, INSTANCE_PATH, makeInstance, SECRET, startGateway } from '../support/gateway.ts'
import { errorOf, send, type Answer } from '../support/http.ts'
import { startRecorder } from '../support/recorder.ts'

const ANNA = makeInstance()
const BEN = makeInstance({
  handle: 'wid_user_bbbbbbbb_000001',
  userId: 'bbbbbbbb-0000-4000-8000-000000000000',
  secretHash: hashSecret('BensOwnSecret000000001'),
  sealedCredentials: JSON.stringify({ api_key: 'key-of-ben' }),
})
const OFF = makeInstance({ handle: 'wid_user_1a2b3c4d_0ff000', isActive: false })
const GADGET = makeInstance({ handle: 'gad_user_1a2b3c4d_aaaaaa', service: 'gadgets' })
const UNKNOWN = 'wid_user_1a2b3c4d_ffffff'

/** What a client can tell answers apart by, without the request's own id and the clock. */
const tellable = ({ status, headers, text }: Answer) => {
  const { date: _date, 'x-request-id': id, ...rest } = headers
  return { status, headers: rest, text: text.replace(String(id), 'id') }
}

describe('authentication of instance URLs', () => {
  let host: Awaited<ReturnType<typeof startRecorder>>
  let front: Awaited<ReturnType<typeof startGateway>>
  before(async () => {
    host = await startRecorder()
    front = await startGateway({
      ports: { widgets: host.port, gadgets: host.port },
      instances: [ANNA, BEN, OFF, GADGET],
      users: { 'token-of-anna': ANNA.userId, 'token-of-ben': BEN.userId },
    })
  })
  afterEach(() => {
    host.requests.length = 0
  })
  after(async () => {
    await front.stop()
    await host.stop()
  })
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

  it('opens with the secret alone, whatever the Authorization header says', async () => {
    for (const authorization of [undefined, 'Bearer token-of-ben', 'Bearer wrong', 'Basic eDp5']) {
      const headers = authorization === undefined ? {} : { authorization }
      assert.equal((await send(front.url, `${INSTANCE_PATH}/mcp`, { headers })).status, 200)
    }
    assert.equal(host.requests.length, 4)
  })

  it('gives the same 404, byte for byte, for everything that is wrong', async () => {
    const wrong = {
      'wrong secret': `/${HANDLE}_${'x'.repeat(22)}/widgets/mcp`,
      'secret in another case': `/${HANDLE}_${SECRET.toLowerCase()}/widgets/mcp`,
      'cut secret': `/${HANDLE}_${SECRET.slice(0, -1)}/widgets/mcp`,
      'longer secret': `/${HANDLE}_${SECRET}0/widgets/mcp`,
      'secret of another': `/${HANDLE}_BensOwnSecret000000001/widgets/mcp`,
      'unknown handle': `/${UNKNOWN}_${SECRET}/widgets/mcp`,
      'inactive instance': `/${OFF.handle}_${SECRET}/widgets/mcp`,
      'another service': `/${HANDLE}_${SECRET}/gadgets/mcp`,
      'unknown service': `/${HANDLE}_${SECRET}/nothing/mcp`,
      'no service': `/${HANDLE}_${SECRET}`,
      'empty service': `/${HANDLE}_${SECRET}/`,
      'no secret, no token': `/${HANDLE}/widgets/mcp`,
      'unknown handle, no token': `/${UNKNOWN}/widgets/mcp`,
      'empty secret': `/${HANDLE}_/widgets/mcp`,
      'malformed handle': `/wid_user_1a2b3c4_9f2c1e_${SECRET}/widgets/mcp`,
      'handle in upper case': `/${HANDLE.toUpperCase()}_${SECRET}/widgets/mcp`,
      'foreign characters in the secret': `/${HANDLE}_${SECRET}-/widgets/mcp`,
      'secret beyond any length': `/${HANDLE}_${'x'.repeat(500)}/widgets/mcp`,
      'nothing but the middle': '/_user_/widgets/mcp',
    }
    const expected = tellable(await send(front.url, `/${UNKNOWN}_${SECRET}/widgets/mcp`))
    assert.equal(expected.status, 404)
    for (const [name, path] of Object.entries(wrong)) {
      const answer = await send(front.url, path)
      assert.deepEqual(tellable(answer), expected, name)
      assert.equal(errorOf(answer).code, 'not_found')
    }
    assert.deepEqual(host.requests, [])
  })

  it('gives that 404 to an unknown or malformed token without a secret, too', async () => {
    const expected = tellable(await send(front.url, `/${UNKNOWN}_${SECRET}/widgets/mcp`))
    for (const authorization of ['Bearer wrong', 'Bearer', 'Basic token-of-anna', 'token-of-anna'])
      for (const handle of [HANDLE, UNKNOWN]) {
        const answer = await send(front.url, `/${handle}/widgets/mcp`, {
          headers: { authorization },
        })
        assert.deepEqual(tellable(answer), expected, authorization)
      }
  })

  it("opens its owner's instance for a token, without a secret", async () => {
    const answer = await send(front.url, `/${HANDLE}/widgets/mcp?a=1`, bearer('token-of-anna'))
    assert.equal(answer.status, 200)
    assert.equal(host.requests[0]?.url, '/mcp?a=1')
    assert.equal(host.requests[0].headers.authorization, undefined)
  })

  it("gives a token the same 403 for another's handle as for one that does not exist", async () => {
    const own = bearer('token-of-anna')
    const foreign = await send(front.url, `/${BEN.handle}/widgets/mcp`, own)
    const unknown = await send(front.url, `/${UNKNOWN}/widgets/mcp`, own)
    assert.equal(errorOf(foreign).code, 'forbidden')
    assert.equal(foreign.status, 403)
    assert.deepEqual(tellable(foreign), tellable(unknown))
    assert.deepEqual(host.requests, [])
  })

  it('gives a token the 404 for its own instance under another service or inactive', async () => {
    for (const path of [`/${HANDLE}/gadgets/mcp`, `/${OFF.handle}/widgets/mcp`])
      assert.equal((await send(front.url, path, bearer('token-of-anna'))).status, 404)
  })

  it('leaves every other path to the API', async () => {
    for (const path of ['/', '/api/v1/services', '/health', '/wid_users/x', '/a/b_user_c?d_user_e'])
      assert.equal((await send(front.url, path)).status, 299, path)
  })
})
