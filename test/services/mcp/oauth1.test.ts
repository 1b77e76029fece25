import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import type { OutgoingRequest } from '../../../src/services/mcp/outgoing-request.ts'
import { signOAuth1 } from '../../../src/services/mcp/oauth1.ts'

const requestTo = (href: string, over: Partial<OutgoingRequest> = {}): OutgoingRequest => ({
  method: 'GET',
  url: new URL(href),
  headers: {},
  body: undefined,
  ...over,
})

const fieldsOf = (header: string): Record<string, string> =>
  Object.fromEntries(
    [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [
      name,
      decodeURIComponent(value),
    ]),
  )

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/** OAuth Core 1.0, appendix A.5. */
const PHOTOS = {
  keys: {
    consumerKey: 'dpf43f3p2l4k3l03',
    consumerSecret: 'kd94hf93k423kf44',
    token: 'nnch734d00sl2jdk',
    tokenSecret: 'pfkkdhi9sl3r4s00',
  },
  fixed: { nonce: 'kllo9940pd9333jh', timestamp: 1191242096 },
}

/** "Creating a signature", developer documentation of the X API. */
const STATUS = {
  keys: {
    consumerKey: 'xvz1evFS4wEEPTGEFPHBog',
    consumerSecret: 'kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw',
    token: '370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb',
    tokenSecret: 'LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE',
  },
  fixed: { nonce: 'kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg', timestamp: 1318622958 },
  body: Buffer.from('status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OAuth%20request%21'),
}

describe('an OAuth 1.0a signature', () => {
  it('is that of the specification’s example', () => {
    const request = requestTo('http://photos.example.net/photos?file=vacation.jpg&size=original')
    const fields = fieldsOf(signOAuth1(request, PHOTOS.keys, PHOTOS.fixed))
    assert.equal(fields['oauth_signature'], 'tR3+Ty81lMeYAr/Fid0kMTYa/WM=')
    assert.equal(fields['oauth_version'], '1.0')
    assert.equal(fields['oauth_signature_method'], 'HMAC-SHA1')
  })

  it('covers a form body: that of the X API’s example', () => {
    const url = 'https://api.twitter.com/1.1/statuses/update.json?include_entities=true'
    const request = requestTo(url, { method: 'POST', headers: FORM, body: STATUS.body })
    const fields = fieldsOf(signOAuth1(request, STATUS.keys, STATUS.fixed))
    assert.equal(fields['oauth_signature'], 'hCtSmYh+iHYCEqBWrE7C7hYmtUk=')
  })

  it('does not cover a body of another type', () => {
    const headers = { 'content-type': 'application/json' }
    const sign = (text: string) => {
      const request = requestTo('https://a.test/x', { headers, body: Buffer.from(text) })
      return signOAuth1(request, PHOTOS.keys, PHOTOS.fixed)
    }
    assert.equal(sign('{"a":1}'), sign('{"b":2}'))
  })

  it('sorts by name before value, where one name is the beginning of another (RFC 5849 §3.4.1.3.2)', () => {
    const request = requestTo('https://a.test/x?a1=1&a=2&a-b=3&a=1')
    const oauth =
      'oauth_consumer_key=dpf43f3p2l4k3l03&oauth_nonce=n&oauth_signature_method=HMAC-SHA1' +
      '&oauth_timestamp=1&oauth_token=nnch734d00sl2jdk&oauth_version=1.0'
    const parameters = `a=1&a=2&a-b=3&a1=1&${oauth}`
    const text = `GET&https%3A%2F%2Fa.test%2Fx&${encodeURIComponent(parameters)}`
    const expected = createHmac('sha1', 'kd94hf93k423kf44&pfkkdhi9sl3r4s00').update(text)
    const fields = fieldsOf(signOAuth1(request, PHOTOS.keys, { nonce: 'n', timestamp: 1 }))
    assert.equal(fields['oauth_signature'], expected.digest('base64'))
  })

  it('has a nonce and a time of its own each time', () => {
    const request = requestTo('https://a.test/x')
    const [one, two] = [signOAuth1(request, PHOTOS.keys), signOAuth1(request, PHOTOS.keys)].map(
      fieldsOf,
    )
    assert.match(one?.['oauth_nonce'] ?? '', /^[0-9a-f]{32}$/)
    assert.notEqual(one?.['oauth_nonce'], two?.['oauth_nonce'])
    assert.match(one?.['oauth_timestamp'] ?? '', /^\d{10}$/)
  })
})
