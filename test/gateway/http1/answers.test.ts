import assert from 'node:assert/strict'
import { AppError } from '../../../src/base/errors.ts'
import { Answers } from '../../../src/gateway/http1/answers.ts'
import type { AnswerHead } from '../../../src/gateway/http1/answer-head.ts'

/** Reads an answer that comes in pieces of so many bytes. */
const read = (text: string, { step = text.length, isHead = false, ends = false } = {}) => {
  const got = { head: undefined as AnswerHead | undefined, interim: [] as number[], body: '', trailers: {}, isDone: false } // prettier-ignore
  const answers = new Answers()
  answers.expect({
    isHead,
    onHead: (head) => (got.head = head),
    onInterim: ({ status }) => got.interim.push(status),
    onData: (bytes) => (got.body += bytes.toString('latin1')),
    onEnd: (last, trailers) => {
      got.body += last?.toString('latin1') ?? ''
      Object.assign(got, { trailers: Object.fromEntries(trailers), isDone: true })
    },
  })
  const bytes = Buffer.from(text, 'latin1')
  let isAsked = true
  for (let at = 0; at < bytes.length; at += step)
    isAsked = answers.feed(bytes.subarray(at, at + step)) && isAsked
  return { ...got, isAsked, isFinished: ends && answers.finish() }
}

describe('answers of a host', () => {
  for (const step of [1, 2, 3, 7, 1_000]) {
    it(`are read in pieces of ${step}: of a length`, () => {
      const { head, body, isDone, isAsked } = read('HTTP/1.1 201 Made it\r\nA: b \r\nContent-Length: 5\r\nconnection: keep-alive\r\n\r\nhello', { step }) // prettier-ignore
      assert.deepEqual([head?.status, head?.reason, body, isDone, isAsked], [201, 'Made it', 'hello', true, true]) // prettier-ignore
      assert.deepEqual(head?.headers, ['A', 'b', 'Content-Length', '5'])
      assert.ok(head.reusableMs)
    })
    it(`are read in pieces of ${step}: chunked, with extensions and trailers, behind interim ones`, () => {
      const { head, interim, body, trailers, isDone } = read(
        'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n' +
          '5;a=b\r\nhe\r\nl\r\nB\r\nlo 12345678\r\n0\r\nx-sum: 1\r\n\r\n',
        { step },
      )
      assert.deepEqual([head?.status, interim, body], [200, [100, 103], 'he\r\nllo 12345678'])
      assert.deepEqual([trailers, isDone], [{ 'x-sum': '1' }, true])
    })
    it(`are read in pieces of ${step}: until the connection ends`, () => {
      const { head, body, isFinished } = read('HTTP/1.0 200 OK\r\n\r\nrest', { step, ends: true })
      assert.deepEqual([body, isFinished, head?.reusableMs], ['rest', true, undefined])
    })
  }

  for (const [title, text] of [
    ['of HEAD', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n'],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['304', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n'],
    ['without a reason', 'HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n'],
  ] as const)
    it(`end with their head: ${title}`, () => {
      const { body, isDone } = read(text, { isHead: title === 'of HEAD' })
      assert.deepEqual([body, isDone], ['', true])
    })

  it('lose what is of their connection, and what is between host and gateway', () => {
    const { head } = read(
      'HTTP/1.1 200 OK\r\nconnection: close, X-Hop\r\nx-hop: 1\r\nkeep-alive: timeout=5\r\nx-berth-usage: 3\r\nx-request-id: h\r\nset-cookie: a\r\nset-cookie: b\r\ncontent-length: 0\r\n\r\n',
    )
    assert.deepEqual(head?.headers, ['set-cookie', 'a', 'set-cookie', 'b', 'content-length', '0'])
    assert.equal(head.reusableMs, undefined)
  })

  it('may say how long their connection stays', () => {
    const { head } = read('HTTP/1.1 200 OK\r\nkeep-alive: timeout=5\r\ncontent-length: 0\r\n\r\n')
    assert.equal(head?.reusableMs, 5_000)
  })

  it('are noticed when nobody asked for them', () => {
    const one = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'
    assert.equal(read(`${one}${one}`).isAsked, false)
  })

  for (const text of [
    'hello\r\n\r\n',
    'HTTP/2 200 OK\r\n\r\n',
    'HTTP/1.1 99 OK\r\n\r\n',
    'HTTP/1.1 101 Switching\r\n\r\n',
    'HTTP/1.1 200 OK\r\na: b\r\n folded\r\n\r\n',
    'HTTP/1.1 200 OK\r\na : b\r\n\r\n',
    'HTTP/1.1 200 OK\r\nno colon\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: +1\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0x5\r\nhello\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\nhello\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhelloX\r\n',
    `HTTP/1.1 200 OK\r\na: ${'x'.repeat(70_000)}`,
    `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${'1'.repeat(2_000)}`,
  ])
    it(`are refused when they are not plainly well formed: ${JSON.stringify(text.slice(-40))}`, () => {
      for (const step of [1_000_000, 1])
        assert.throws(() => read(text, { step }), (error) => error instanceof AppError && error.status === 502) // prettier-ignore
    })
})
