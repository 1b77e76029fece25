import assert from 'node:assert/strict'
import { readPlainHead } from '../../../src/gateway/front/request-head.ts'
import { newNotes } from '../../../src/gateway/head-notes.ts'

const head = (...lines: readonly string[]): string =>
  ['POST /a?b=%20 HTTP/1.1', 'Host: berth.example', ...lines].join('\r\n')

describe('plain request heads', () => {
  it('are read with every header once, by lower-case names', () => {
    const read = readPlainHead(head('Accept:  a, b\t', 'X-Empty:', 'Content-Length: 12'))
    assert.deepEqual(read, {
      method: 'POST',
      target: '/a?b=%20',
      headers: ['host', 'berth.example', 'accept', 'a, b', 'x-empty', '', 'content-length', '12'],
      notes: newNotes(),
      length: 12,
      keepsAlive: true,
    })
  })

  it('say whether their connection stays', () => {
    assert.equal(readPlainHead(head('connection: Close'))?.keepsAlive, false)
    assert.equal(readPlainHead(head('connection: Keep-Alive'))?.keepsAlive, true)
  })

  for (const text of [
    head('transfer-encoding: chunked'),
    head('Expect: 100-continue'),
    head('upgrade: websocket', 'connection: upgrade'),
    head('connection: keep-alive, x-hop'),
    head('content-length: 1', 'content-length: 1'),
    head('content-length: 1', 'Content-Length: 2'),
    head('content-length: +1'),
    head('content-length: 1, 1'),
    head('content-length:'),
    head('host: evil.example'),
    head('a : b'),
    head('a: b', ' folded'),
    head('no colon'),
    head(': b'),
    head('a: b\nc: d'),
    head('a: b\rc: d'),
    head('a: b\0'),
    head('a: \u007f'),
    'GET / HTTP/1.0\r\nhost: a',
    'GET  / HTTP/1.1\r\nhost: a',
    'get / HTTP/1.1\r\nhost: a',
    'CONNECT a:1 HTTP/1.1\r\nhost: a',
    'GET http://a/ HTTP/1.1\r\nhost: a',
    'GET /a b HTTP/1.1\r\nhost: a',
    'GET /#a HTTP/1.1\r\nhost: a',
    'GET /ü HTTP/1.1\r\nhost: a',
    ' GET / HTTP/1.1\r\nhost: a',
    '\r\nGET / HTTP/1.1\r\nhost: a',
  ])
    it(`are not: ${JSON.stringify(text.slice(-50))}`, () => {
      assert.equal(readPlainHead(text), undefined)
    })
})
