import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { silentLog } from '../../src/base/log.ts'
import { createSharedBuckets } from '../../src/store/redis.ts'
import { useCleanup } from '../support/cleanup.ts'
import { findFreePorts } from '../support/free-ports.ts'

const URL = process.env['TEST_REDIS_URL'] ?? 'redis://127.0.0.1:6379'

describe('buckets in Redis', () => {
  const cleanUp = useCleanup()
  const open = async (url = URL) => {
    const buckets = createSharedBuckets(url, silentLog)
    cleanUp(buckets.runnable.stop)
    await buckets.runnable.start()
    return buckets
  }
  const draw = (over = {}) => ({
    key: `test:${randomBytes(6).toString('hex')}`,
    costMs: 100,
    capacityMs: 1000,
    ...over,
  })
  before(async function () {
    const probe = createSharedBuckets(URL, silentLog)
    await probe.runnable.start()
    const isThere = await probe.take([draw({ costMs: 1 })]).then(() => true, () => false) // prettier-ignore
    await probe.runnable.stop()
    if (isThere) return
    console.warn(`skipped: no Redis at ${URL}; start one or set TEST_REDIS_URL`)
    this.skip()
  })

  it('are the same for every process', async () => {
    const [one, other] = [await open(), await open()]
    const slow = draw({ costMs: 10_000, capacityMs: 100_000 })
    let passed = 0
    for (let index = 0; index < 15; index++)
      for (const buckets of [one, other]) passed += (await buckets.take([slow])) === 0 ? 1 : 0
    assert.equal(passed, 10)
    const waitMs = await one.take([slow])
    assert.ok(waitMs > 0 && waitMs <= 10_000)
  })

  it('are drawn from together or not at all', async () => {
    const { take } = await open()
    const [full, empty] = [draw({ costMs: 60_000, capacityMs: 60_000 }), draw({ costMs: 60_000, capacityMs: 60_000 })] // prettier-ignore
    assert.equal(await take([empty]), 0)
    assert.ok((await take([full, empty])) > 0)
    assert.equal(await take([full]), 0)
  })

  it('fail at once while Redis is away', async () => {
    const [port] = await findFreePorts(1)
    const { take } = await open(`redis://127.0.0.1:${port}`)
    await assert.rejects(take([draw()]))
  })
})
