import assert from 'node:assert/strict'
import { createClient } from '../../src/cli/client.ts'
import { findFreePorts } from '../support/free-ports.ts'
import { startRecorder, type RecordedAnswer } from '../support/recorder.ts'

describe('the client of the daemon', () => {
  let daemon: Awaited<ReturnType<typeof startRecorder>>
  let answer: RecordedAnswer = {}
  before(async () => {
    daemon = await startRecorder(() => answer)
  })
  after(() => daemon.stop())
  const client = () => createClient(daemon.url, 'the-token')
  const says = (status: number, body: string): void => {
    answer = { status, body }
  }

  it('sends its token and a JSON body, and gives the answer back', async () => {
    says(201, '{"id":7}')
    assert.deepEqual(await client().post('/api/v1/admin/users', { email: 'a@b.test' }), { id: 7 })
    const [sent] = daemon.requests
    assert.deepEqual([sent?.method, sent?.url], ['POST', '/api/v1/admin/users'])
    assert.equal(sent?.headers.authorization, 'Bearer the-token')
    assert.equal(sent.headers['content-type'], 'application/json')
    assert.equal(sent.body, '{"email":"a@b.test"}')
  })

  it('is content with an answer without a body', async () => {
    answer = { status: 204, body: '' }
    await client().delete('/api/v1/admin/tokens/1')
    const sent = daemon.requests.at(-1)
    assert.deepEqual([sent?.method, sent?.headers['content-type']], ['DELETE', undefined])
  })

  it("throws the daemon's error with its code, message and status", async () => {
    says(409, '{"error":{"code":"email_taken","message":"a@b.test is taken"}}')
    const expected = { code: 'email_taken', message: 'a@b.test is taken', status: 409 }
    await assert.rejects(client().get('/'), expected)
  })

  it('calls internal what it does not know: a new code, a text, an empty answer', async () => {
    says(418, '{"error":{"code":"teapot","message":"short and stout"}}')
    await assert.rejects(client().get('/'), { code: 'internal', message: 'short and stout' })
    for (const body of ['<html>Bad gateway</html>', '', 'null']) {
      says(502, body)
      const expected = { code: 'internal', message: 'The daemon answered 502.', status: 502 }
      await assert.rejects(client().get('/'), expected)
    }
  })

  it('says daemon_not_running when nobody listens', async () => {
    const [closed] = await findFreePorts(1)
    const gone = createClient(`http://127.0.0.1:${closed}`, 'the-token')
    await assert.rejects(gone.get('/'), { code: 'daemon_not_running', message: /does not answer/ })
  })
})
