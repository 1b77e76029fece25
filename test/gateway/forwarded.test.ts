import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { createForwarded } from '../../src/gateway/forwarded.ts'
import { recordOf } from '../../src/gateway/headers.ts'

const from = (remoteAddress: string, headers: Record<string, string> = {}) =>
  ({ socket: { remoteAddress } as unknown as Socket, headers: Object.entries({ host: 'berth.example', ...headers }).flat() }) // prettier-ignore

describe('what a host is told of the client', () => {
  const claims = {
    'x-forwarded-for': '6.6.6.6, 1.2.3.4, 10.0.0.9',
    'x-forwarded-host': 'public.example',
    'x-forwarded-proto': 'https',
    forwarded: 'for=1.2.3.4;proto=https',
  }

  it('is the connection alone when nobody is trusted', () => {
    const { clientOf, headersFor } = createForwarded([])
    const request = from('::ffff:9.9.9.9', claims)
    assert.equal(clientOf(request), '9.9.9.9')
    assert.deepEqual(recordOf(headersFor(request)), {
      'x-forwarded-for': '9.9.9.9',
      'x-forwarded-host': 'berth.example',
      'x-forwarded-proto': 'http',
      forwarded: 'for=9.9.9.9;host="berth.example";proto=http',
    })
  })

  it('is what a trusted proxy says, with the proxy added', () => {
    const { clientOf, headersFor } = createForwarded(['10.0.0.0/8', '::1'])
    const request = from('10.0.0.1', claims)
    assert.equal(clientOf(request), '1.2.3.4')
    assert.deepEqual(recordOf(headersFor(request)), {
      'x-forwarded-for': '6.6.6.6, 1.2.3.4, 10.0.0.9, 10.0.0.1',
      'x-forwarded-host': 'public.example',
      'x-forwarded-proto': 'https',
      forwarded: 'for=1.2.3.4;proto=https, for=10.0.0.1;host="public.example";proto=https',
    })
    assert.equal(clientOf(from('11.0.0.1', claims)), '11.0.0.1')
  })

  it('names the first of whom no trusted proxy vouches, in every spelling', () => {
    const { clientOf } = createForwarded(['10.0.0.0/8', '::1'])
    const named = (headers: Record<string, string>) => clientOf(from('::1', headers))
    assert.equal(named({ forwarded: 'for="[2001:db8::1]:4711";proto=https' }), '2001:db8::1')
    assert.equal(named({ 'x-forwarded-for': '1.2.3.4:5678' }), '1.2.3.4')
    assert.equal(named({ 'x-forwarded-for': 'unknown, junk' }), '::1')
    assert.equal(named({ 'x-forwarded-for': '10.1.1.1' }), '10.1.1.1')
    assert.equal(named({}), '::1')
  })

  it('takes no other protocol, and lets nothing break out of its quotes', () => {
    const { headersFor } = createForwarded(['::1'])
    const told = recordOf(
      headersFor(from('::1', { host: 'a"b\\c', 'x-forwarded-proto': 'gopher' })),
    )
    assert.equal(told['forwarded'], 'for="[::1]";host="a\\"b\\\\c";proto=http')
  })
})
