import assert from 'node:assert/strict'
import { AppError } from '../../src/base/errors.ts'
import { createGuard } from '../../src/gateway/guard.ts'
import { useCleanup } from '../support/cleanup.ts'
import { HANDLE, INSTANCE_PATH, startGateway } from '../support/gateway.ts'
import { errorOf, send } from '../support/http.ts'
import { startRecorder } from '../support/recorder.ts'

const wrong = new AppError('not_found', 'nothing here')

describe('the guard against guessing', () => {
  const cleanUp = useCleanup()

  /** A guard whose clock stands still unless it is told. */
  const guardAt = (share?: number) => {
    let seconds = 1
    const guard = createGuard(share, () => seconds * 1000)
    const judge = (address = '192.0.2.1', error: unknown = wrong) => guard.judge(address, error)
    return { judge, pass: (more: number) => (seconds += more) }
  }
  const judgeMany = (count: number, judge: () => unknown) => {
    for (let index = 0; index < count; index++) assert.equal(judge(), wrong)
  }
  const assertRefused = (error: unknown) => {
    assert.ok(error instanceof AppError)
    assert.equal(error.code, 'too_many_requests')
    assert.equal(error.status, 429)
    assert.ok(error.retryAfterSeconds)
  }

  it('lets an address be wrong a hundred times a minute', () => {
    const { judge, pass } = guardAt()
    judgeMany(100, judge)
    assertRefused(judge())
    pass(30)
    judgeMany(50, judge)
    assertRefused(judge())
  })

  it('counts addresses apart, those of one IPv6 network and of mapped IPv4 together', () => {
    const { judge } = guardAt()
    judgeMany(100, judge)
    assertRefused(judge('::ffff:192.0.2.1'))
    assert.equal(judge('192.0.2.2'), wrong)
    judgeMany(100, () => judge('2001:db8::1'))
    assertRefused(judge('2001:db8:0:0:ffff::2'))
    assert.equal(judge('2001:db8:0:1::1'), wrong)
  })

  it('takes its share of the allowance where several processes answer', () => {
    const { judge } = guardAt(0.25)
    judgeMany(25, judge)
    assertRefused(judge())
  })

  it('leaves every other failure alone', () => {
    const { judge } = guardAt()
    const away = new AppError('database_unavailable', 'away')
    for (let index = 0; index < 200; index++) assert.equal(judge('192.0.2.1', away), away)
  })

  it('refuses what is wrong with 429, and never a valid secret from the same address', async () => {
    const host = await startRecorder()
    const front = await startGateway({ ports: { widgets: host.port } })
    cleanUp(host.stop)
    cleanUp(front.stop)
    const paths = [
      `/${HANDLE}_guess/widgets/mcp`,
      '/wid_user_1a2b3c4d_ffffff_guess/widgets/mcp',
      '/WID_user_x/widgets',
      `/${HANDLE}/widgets/mcp`,
    ]
    for (let round = 0; round < 25; round++)
      for (const path of paths) assert.equal((await send(front.url, path)).status, 404)
    for (const path of paths) {
      const refused = await send(front.url, path)
      assert.equal(errorOf(refused).code, 'too_many_requests')
      assert.match(String(refused.headers['retry-after']), /^[1-9]\d*$/)
      assert.equal((await send(front.url, INSTANCE_PATH)).status, 200)
    }
  })
})
