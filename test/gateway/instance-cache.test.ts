import assert from 'node:assert/strict'
import type { GatewayInstance } from '../../src/gateway/authenticate.ts'
import { createInstanceCache } from '../../src/gateway/instance-cache.ts'
import { HANDLE, makeInstance } from '../support/gateway.ts'

/** A store whose answers wait until they are let go. */
const slowStore = () => {
  const waiting: ((found: GatewayInstance | undefined) => void)[] = []
  let opened = 0
  const cache = createInstanceCache({
    findInstance: () => new Promise((resolve) => waiting.push(resolve)),
    openCredentials: (instance) => {
      opened += 1
      return { api_key: instance.sealedCredentials }
    },
  })
  return { cache, waiting, opened: () => opened }
}

describe('the instance cache', () => {
  it('asks the store once for an instance that it knows', async () => {
    const { cache, waiting } = slowStore()
    const first = cache.findInstance(HANDLE)
    waiting[0]?.(makeInstance())
    await first
    assert.deepEqual(await cache.findInstance(HANDLE), makeInstance())
    assert.equal(waiting.length, 1)
  })

  it('never remembers that an instance is not there', async () => {
    const { cache, waiting } = slowStore()
    const first = cache.findInstance(HANDLE)
    waiting[0]?.(undefined)
    assert.equal(await first, undefined)
    const second = cache.findInstance(HANDLE)
    waiting[1]?.(makeInstance())
    assert.deepEqual(await second, makeInstance())
  })

  it('asks again after it was told to forget', async () => {
    const { cache, waiting } = slowStore()
    const first = cache.findInstance(HANDLE)
    waiting[0]?.(makeInstance())
    await first
    cache.forget(HANDLE)
    const second = cache.findInstance(HANDLE)
    waiting[1]?.(undefined)
    assert.equal(await second, undefined)
  })

  it('does not remember an answer that was under way while something changed', async () => {
    const { cache, waiting } = slowStore()
    const old = cache.findInstance(HANDLE)
    cache.forget(HANDLE)
    waiting[0]?.(makeInstance({ sealedCredentials: 'of before' }))
    await old
    const fresh = cache.findInstance(HANDLE)
    waiting[1]?.(makeInstance({ sealedCredentials: 'of after' }))
    assert.equal((await fresh)?.sealedCredentials, 'of after')
    assert.equal((await cache.findInstance(HANDLE))?.sealedCredentials, 'of after')
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
