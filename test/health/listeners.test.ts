import assert from 'node:assert/strict'
import type { PortUser } from '../../src/base/port-users.ts'
import { createListeners } from '../../src/health/listeners.ts'

const user = (port: number, over: Partial<PortUser> = {}): PortUser => ({ port, isListening: true, uid: 0, pid: 1, command: '', ...over }) // prettier-ignore

describe('who listens on a port', () => {
  it('is looked up once for all who asked before the look', () => {
    let looks = 0
    const listenersOn = createListeners(() => {
      looks += 1
      return [user(1), user(2), user(2, { isListening: false })]
    })
    const before = performance.now()
    assert.equal(listenersOn(1, before).length, 1)
    assert.equal(listenersOn(2, before).length, 1)
    assert.deepEqual([listenersOn(3, before), looks], [[], 1])
    assert.equal(listenersOn(1, performance.now() + 1).length, 1)
    assert.equal(looks, 2)
  })
})
