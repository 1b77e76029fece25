import assert from 'node:assert/strict'
import { AppError } from '../../src/base/errors.ts'
import type { GatewayInstance } from '../../src/gateway/authenticate.ts'
import { createInstanceCache } from '../../src/gateway/instance-cache.ts'
import { hashSecret } from '../../src/model/instance.ts'
import { HANDLE, makeInstance, SECRET } from '../support/gateway.ts'

const CLAIM = { handle: HANDLE, service: 'widgets', secretHash: hashSecret(SECRET) }

/** A store whose answers wait until they are let go. */
const slowStore = () => {
  const waiting: ((found: GatewayInstance | undefined) => void)[] = []
  let opened = 0
  let seconds = 1000
  const cache = createInstanceCache({
    findInstance: () => new Promise((resolve) => waiting.push(resolve)),
    now: () => seconds * 1000,
    openCredentials: (instance) => {
      opened += 1
      return { api_key: instance.sealedCredentials }
    },
  })
  const pass = (more: number) => {
    seconds += more
  }
  return { cache, waiting, pass, opened: () => opened }
}

describe('the instance cache', () => {
  it('asks the store once for an instance that it knows', async () => {
    const { cache, waiting } = slowStore()
    const first = cache.findInstance(CLAIM)
    waiting[0]?.(makeInstance())
    await first
    assert.deepEqual(await cache.findInstance(CLAIM), makeInstance())
    assert.equal(waiting.length, 1)
  })

  it('remembers for a short time that an instance is not there', async () => {
    const { cache, waiting, pass } = slowStore()
    const first = cache.findInstance(CLAIM)
    waiting[0]?.(undefined)
    assert.equal(await first, undefined)
    assert.equal(await cache.findInstance(CLAIM), undefined)
    pass(11)
    const second = cache.findInstance(CLAIM)
    waiting[1]?.(makeInstance())
    assert.deepEqual(await second, makeInstance())
  })

  it('takes a new instance at once, also where there was none', async () => {
    const { cache, waiting } = slowStore()
    const first = cache.findInstance(CLAIM)
    waiting[0]?.(undefined)
    await first
    cache.forget(HANDLE)
    const second = cache.findInstance(CLAIM)
    waiting[1]?.(makeInstance())
    assert.deepEqual(await second, makeInstance())
  })

  it('takes new instances at once after it heard that there are some, also of an answer under way', async () => {
    const { cache, waiting } = slowStore()
    const first = cache.findInstance(CLAIM)
    waiting[0]?.(undefined)
    await first
    cache.forgetAbsent()
    const second = cache.findInstance(CLAIM)
    cache.forgetAbsent()
    waiting[1]?.(undefined) // from before there was one
    await second
    const third = cache.findInstance(CLAIM)
    waiting[2]?.(makeInstance())
    assert.deepEqual(await third, makeInstance())
    cache.forgetAbsent()
    assert.deepEqual(await cache.findInstance(CLAIM), makeInstance())
    assert.equal(waiting.length, 3)
  })

  it('asks the store about every wrong claim, whether it knows the instance or not', async () => {
    const { cache, waiting } = slowStore()
    const first = cache.findInstance(CLAIM)
    waiting[0]?.(makeInstance())
    await first
    const wrong = [
      { ...CLAIM, secretHash: hashSecret('guessed') },
      { ...CLAIM, service: 'gadgets' },
      { handle: HANDLE, userId: 'somebody else' },
    ]
    for (const [index, claim] of wrong.entries()) {
      const answer = cache.findInstance(claim)
      assert.equal(waiting.length, index + 2)
      waiting[index + 1]?.(undefined)
      assert.equal(await answer, undefined)
    }
    assert.deepEqual(await cache.findInstance(CLAIM), makeInstance())
  })

  it('asks the same question once at a time', async () => {
    const { cache, waiting } = slowStore()
    const [one, other] = [cache.findInstance(CLAIM), cache.findInstance(CLAIM)]
    assert.equal(waiting.length, 1)
    waiting[0]?.(makeInstance())
    assert.deepEqual([await one, await other], [makeInstance(), makeInstance()])
  })

  it('confirms what it knows from time to time, without letting a request wait', async () => {
    const { cache, waiting, pass } = slowStore()
    const first = cache.findInstance(CLAIM)
    waiting[0]?.(makeInstance())
    await first
    pass(61)
    assert.deepEqual(await cache.findInstance(CLAIM), makeInstance())
    assert.equal(waiting.length, 2)
    waiting[1]?.(undefined) // it is gone, and nobody said so
    await Promise.resolve()
    assert.equal(await cache.findInstance(CLAIM), undefined)
  })

  it('serves what it knows for two minutes while the store is away, and then says so', async () => {
    const away = new AppError('database_unavailable', 'away')
    let isAway = false
    let seconds = 0
    const cache = createInstanceCache({
      findInstance: () => (isAway ? Promise.reject(away) : Promise.resolve(makeInstance())),
      openCredentials: () => ({}),
      now: () => seconds * 1000,
    })
    await cache.findInstance(CLAIM)
    isAway = true
    for (seconds of [1, 60, 119]) assert.deepEqual(await cache.findInstance(CLAIM), makeInstance())
    seconds = 120
    await assert.rejects(Promise.resolve(cache.findInstance(CLAIM)), away)
    isAway = false
    assert.deepEqual(await cache.findInstance(CLAIM), makeInstance())
  })

  it('forgets everything at once when it is flushed', async () => {
    const { cache, waiting } = slowStore()
    const first = cache.findInstance(CLAIM)
    cache.flush()
    waiting[0]?.(makeInstance())
    await first
    const second = cache.findInstance(CLAIM)
    assert.equal(waiting.length, 2)
    waiting[1]?.(makeInstance())
    await second
    cache.flush()
    void cache.findInstance(CLAIM)
    assert.equal(waiting.length, 3)
  })

  it('asks again after it was told to forget', async () => {
    const { cache, waiting } = slowStore()
    const first = cache.findInstance(CLAIM)
    waiting[0]?.(makeInstance())
    await first
    cache.forget(HANDLE)
    const second = cache.findInstance(CLAIM)
    waiting[1]?.(undefined)
    assert.equal(await second, undefined)
  })

  it('does not remember an answer that was under way while something changed', async () => {
    const { cache, waiting } = slowStore()
    const old = cache.findInstance(CLAIM)
    cache.forget(HANDLE)
    waiting[0]?.(makeInstance({ sealedCredentials: 'of before' }))
    await old
    const fresh = cache.findInstance(CLAIM)
    waiting[1]?.(makeInstance({ sealedCredentials: 'of after' }))
    assert.equal((await fresh)?.sealedCredentials, 'of after')
    assert.equal((await cache.findInstance(CLAIM))?.sealedCredentials, 'of after')
    assert.equal(waiting.length, 2)
  })

  it('opens credentials once, and again when the sealed record is another', () => {
    const { cache, opened } = slowStore()
    const instance = makeInstance({ sealedCredentials: 'one' })
    assert.deepEqual(cache.credentialsOf(instance), { api_key: 'one' })
    assert.deepEqual(cache.credentialsOf(instance), { api_key: 'one' })
    assert.equal(opened(), 1)
    const replaced = { ...instance, sealedCredentials: 'two' }
    assert.deepEqual(cache.credentialsOf(replaced), { api_key: 'two' })
    cache.forget(HANDLE)
    cache.credentialsOf(replaced)
    assert.equal(opened(), 3)
  })

  it('keeps the credentials of two instances apart', () => {
    const { cache } = slowStore()
    const anna = makeInstance({ sealedCredentials: 'anna' })
    const ben = makeInstance({ handle: 'wid_user_bbbbbbbb_000001', sealedCredentials: 'ben' })
    assert.deepEqual(cache.credentialsOf(anna), { api_key: 'anna' })
    assert.deepEqual(cache.credentialsOf(ben), { api_key: 'ben' })
    assert.deepEqual(cache.credentialsOf(anna), { api_key: 'anna' })
  })
})
