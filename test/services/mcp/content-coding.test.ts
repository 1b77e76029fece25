import assert from 'node:assert/strict'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { decoded } from '../../../src/services/mcp/content-coding.ts'

const TEXT = '{"name":"ü"}'
const MAX = 1_000
const answerOf = (body: Buffer, coding: string) => ({
  status: 200,
  headers: { 'content-encoding': coding, 'content-type': 'application/json' },
  body,
  truncated: false,
})

describe('an answer in a content coding that nobody asked for', () => {
  for (const [coding, body] of [
    ['gzip', gzipSync(TEXT)],
    ['X-Gzip', gzipSync(TEXT)],
    ['deflate', deflateSync(TEXT)],
    ['deflate', deflateRawSync(TEXT)],
    ['br', brotliCompressSync(TEXT)],
    ['identity', Buffer.from(TEXT)],
    ['br, gzip', gzipSync(brotliCompressSync(TEXT))],
  ] as const)
    it(`is read: ${coding}`, async () => {
      const answer = await decoded(answerOf(body, coding), MAX)
      assert.equal(answer.body.toString(), TEXT)
      assert.deepEqual(answer.headers, { 'content-type': 'application/json' })
    })

  for (const [what, body, coding] of [
    ['grows beyond bounds', gzipSync(Buffer.alloc(MAX + 1)), 'gzip'],
    ['is not what it says', Buffer.from(TEXT), 'gzip'],
    ['is in one that nobody knows', Buffer.from(TEXT), 'constructor'],
  ] as const)
    it(`stays as it came when it ${what}`, async () => {
      const answer = answerOf(body, coding)
      assert.equal(await decoded(answer, MAX), answer)
    })
})
