import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { SEAL_LIFETIME_MS, sealForHost } from '../../../src/model/host-credentials.ts'
import { createOpener } from '../../../src/services/mcp/opened-credentials.ts'
import { makeService } from '../../support/services.ts'

const KEY = randomBytes(32)
const [widgets, gadgets] = [makeService(), makeService({ name: 'gadgets' })]
const sealed = (api_key: string) =>
  sealForHost(KEY, { service: widgets.name, port: widgets.port }, { api_key })

describe('what a host has opened', () => {
  it('is not opened again for the same header', () => {
    const open = createOpener(KEY)
    const value = sealed('key-of-anna')
    const credentials = open(widgets, value)
    assert.deepEqual(credentials, { api_key: 'key-of-anna' })
    assert.equal(open(widgets, value), credentials)
    assert.deepEqual(open(widgets, sealed('key-of-ben')), { api_key: 'key-of-ben' })
  })

  it('is for its service and port alone', () => {
    const open = createOpener(KEY)
    const value = sealed('key-of-anna')
    assert.ok(open(widgets, value))
    assert.equal(open(gadgets, value), undefined)
    assert.equal(open({ ...widgets, port: widgets.port + 1 }, value), undefined)
    assert.equal(open(widgets, `${value}A`), undefined)
  })

  it('ends with the expiry of the header', () => {
    let now = Date.now()
    const open = createOpener(KEY, () => now)
    const value = sealed('key-of-anna')
    const first = open(widgets, value)
    assert.equal(open(widgets, value), first)
    now += 2 * SEAL_LIFETIME_MS
    // It goes to the seal itself again, which by the real clock still holds.
    assert.notEqual(open(widgets, value), first)
  })
})
