import assert from 'node:assert/strict'
import { toToolResult } from '../../../src/services/mcp/answer.ts'
import { maskOf } from '../../../src/services/mcp/mask-credentials.ts'
import type { UpstreamAnswer } from '../../../src/services/mcp/exchange.ts'
import { makeService } from '../../support/services.ts'

const service = makeService({
  api: { baseURL: '', version: '', documentation: 'https://widgets.test/keys' },
})
const url = new URL('https://api.widgets.test/v1/items/sk_12345?page=2')

const resultOf = (
  body: string | Buffer,
  over: Partial<UpstreamAnswer> = {},
  secrets: Record<string, string> = {},
) => {
  const answer = { status: 200, headers: {}, body: Buffer.from(body), truncated: false, ...over }
  const result = toToolResult({ service, answer, url, mask: maskOf(secrets, 6) })
  const text = result.content.map((part) => (part.type === 'text' ? part.text : '')).join()
  return { ...result, text }
}

describe('an answer', () => {
  it('of a JSON object is text and structured content', () => {
    const result = resultOf('{"id":1,"ü":[true]}')
    assert.equal(result.text, '{"id":1,"ü":[true]}')
    assert.deepEqual(result.structuredContent, { id: 1, ü: [true] })
    assert.equal(result.isError, undefined)
  })

  it('keeps every digit of a long id, in the structure as text', () => {
    const text =
      '{"id":1234567890123456789,"said":"n: 1234567890123456789, \\"x","at":1700000000000000,"f":0.12345678901234567}'
    const result = resultOf(text)
    assert.equal(result.text, text)
    assert.deepEqual(result.structuredContent, {
      id: '1234567890123456789',
      said: 'n: 1234567890123456789, "x',
      at: 1_700_000_000_000_000,
      f: Number('0.12345678901234567'),
    })
    assert.deepEqual(resultOf('[-9223372036854775807]').structuredContent, { items: ['-9223372036854775807'] }) // prettier-ignore
  })

  it('of a JSON array is wrapped: structured content must be an object', () => {
    assert.deepEqual(resultOf(' [{"id":1}]').structuredContent, { items: [{ id: 1 }] })
  })

  it('of anything else is text alone', () => {
    for (const text of ['plain words', '42', 'null', '"x"', '{cut off', '<html></html>']) {
      const result = resultOf(text)
      assert.equal(result.text, text)
      assert.ok(!('structuredContent' in result))
    }
  })

  it('without content says that it is done', () => {
    assert.equal(resultOf('', { status: 204 }).text, 'Done (204, no content).')
    assert.equal(resultOf('', { status: 201 }).isError, undefined)
  })

  it('that is too long is cut and says so, without half of a structure', () => {
    for (const result of [
      resultOf(JSON.stringify({ long: 'x'.repeat(1_000_000) })),
      resultOf('{"whole":1}', { truncated: true }),
    ]) {
      assert.match(result.text, /\n\[The answer was cut here; ask for less/)
      assert.ok(result.text.length < 1_000_200)
      assert.ok(!('structuredContent' in result))
    }
  })
})

describe('an answer that is an error', () => {
  for (const [status, advice] of [
    [400, /answered 400\. The API refused the arguments\./],
    [
      401,
      /answered 401\. The key is not accepted.*enter a new api_key \(The key\) for the service "widgets".*the URL stays the same\. About keys: https:\/\/widgets\.test\/keys/,
    ],
    [403, /answered 403\. The key is not accepted, or may not do this/],
    [404, /answered 404\. There is no such thing; check the ids\./],
    [422, /answered 422\. The API refused the arguments\./],
    [429, /answered 429\. The API limits calls; wait a while/],
    [500, /answered 500\. The API has a problem of its own; try again later\./],
    [503, /answered 503\. The API has a problem/],
    [302, /answered 302\. The API points elsewhere, and the call was not followed/],
  ] as const)
    it(`says what to do about ${status}, and what the API said`, () => {
      const result = resultOf('{"why":"because"}', { status })
      assert.equal(result.isError, true)
      assert.match(result.text, advice)
      assert.match(result.text, /^Widgets /)
      assert.match(result.text, /\n\{"why":"because"\}$/)
      assert.ok(!('structuredContent' in result))
    })

  it('says how long to wait when the API does, as seconds or as a date', () => {
    const wait = (after: string) => resultOf('', { status: 429, headers: { 'retry-after': after } }).text // prettier-ignore
    assert.match(wait('17'), /; wait 17 s before/)
    assert.match(wait('Wed, 21 Oct 2026 07:28:00 GMT'), /; wait until Wed, 21 Oct 2026 07:28:00 GMT before/) // prettier-ignore
  })

  it('is kept short', () => {
    assert.ok(resultOf('x'.repeat(100_000), { status: 500 }).text.length < 2_200)
  })
})

describe('a credential that an API quotes', () => {
  it('is not in the answer, whether it is good or bad', () => {
    for (const status of [200, 401]) {
      const said = '{"error":"bad key sk_12345, really sk_12345"}'
      const result = resultOf(said, { status }, { api_key: 'sk_12345' })
      assert.doesNotMatch(JSON.stringify(result), /sk_12345/)
      assert.match(result.text, /bad key \[api_key\], really \[api_key\]/)
    }
  })

  it('does not leave its end behind when another value is its beginning', () => {
    const credentials = { id: 'app-12', secret: 'app-12-secret-part' }
    assert.equal(resultOf('app-12-secret-part', {}, credentials).text, '[secret]')
  })

  it('is found inside JSON text and URLs', () => {
    const credentials = { pem: 'line "1"\nline 2', key: 'a/b+c=12' }
    const said = `${JSON.stringify({ pem: credentials.pem })} /x?key=a%2Fb%2Bc%3D12`
    assert.equal(resultOf(said, {}, credentials).text, '{"pem":"[pem]"} /x?key=[key]')
  })

  it('is left alone when it is too short to be one', () => {
    assert.equal(resultOf('{"us":1}', {}, { region: 'us', none: '' }).text, '{"us":1}')
  })
})

describe('an answer that is no text', () => {
  const PNG = Buffer.from('89504e470d0a1a0a0000', 'hex')
  const of = (type: string | undefined, body: Buffer, over: Partial<UpstreamAnswer> = {}) =>
    resultOf(body, { headers: { 'content-type': type }, ...over }, { api_key: 'sk_12345' })

  it('is an image or a sound for the agent to see and hear', () => {
    const data = PNG.toString('base64')
    assert.deepEqual(of('image/png', PNG).content, [{ type: 'image', data, mimeType: 'image/png' }])
    assert.deepEqual(of('Audio/MPEG; x=y', PNG).content, [{ type: 'audio', data, mimeType: 'audio/mpeg' }]) // prettier-ignore
  })

  it('is otherwise a resource, under its address without credentials', () => {
    for (const type of ['application/pdf', 'application/octet-stream', undefined]) {
      const mimeType = type ?? 'application/octet-stream'
      const uri = 'https://api.widgets.test/v1/items/[api_key]'
      const resource = { uri, mimeType, blob: PNG.toString('base64') }
      assert.deepEqual(of(type, PNG).content, [{ type: 'resource', resource }])
    }
  })

  it('is an error when it is only the beginning', () => {
    const result = of('image/png', PNG, { truncated: true })
    assert.equal(result.isError, true)
    assert.match(result.text, /image\/png of more than 10 bytes/)
  })

  it('is told by its bytes where the type says nothing', () => {
    assert.equal(of('application/octet-stream', Buffer.from('{"a":"ü"}')).text, '{"a":"ü"}')
    const cut = Buffer.from('grün').subarray(0, 3)
    assert.match(of(undefined, cut, { truncated: true }).text, /^gr/)
  })

  it('is text in the character set that it states', () => {
    assert.equal(of('text/plain; charset=iso-8859-1', Buffer.from('gr\u00fcn', 'latin1')).text, 'grün') // prettier-ignore
    assert.equal(of('image/svg+xml', Buffer.from('<svg/>')).text, '<svg/>')
  })
})

describe('the headers of an answer', () => {
  it('keep the way to the next page and to what was made, without credentials', () => {
    const link = '<https://api.widgets.test/v1/items?page=3&key=sk_12345>; rel="next"'
    const headers = { link, location: '/items/7', 'x-total-count': '31', 'x-secret-header': 'no' }
    const { content, structuredContent } = resultOf('{"id":7}', { headers }, { api_key: 'sk_12345' }) // prettier-ignore
    assert.deepEqual(content, [
      { type: 'text', text: '{"id":7}' },
      { type: 'text', text: `link: ${link.replace('sk_12345', '[api_key]')}\nlocation: /items/7\nx-total-count: 31` }, // prettier-ignore
    ])
    assert.deepEqual(structuredContent, { id: 7 })
  })
})

describe('an error page', () => {
  it('is reduced to its words', () => {
    const page = '<html><style>p {}</style><body><h1>Bad\n gateway</h1></body></html>'
    const { text } = resultOf(page, { status: 502, headers: { 'content-type': 'text/html' } })
    assert.match(text, /try again later\.\nBad gateway$/)
  })
})
