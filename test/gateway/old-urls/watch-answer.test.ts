import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { watchAnswer } from '../../../src/gateway/old-urls/watch-answer.ts'
import type { Fault } from '../../../src/model/cutover-sample.ts'

type Given = { seesTools?: boolean; silenceMs?: number }

/** What is said of an answer; the client leaves when the server is told to. */
const watch = async (answer: (response: ServerResponse, leave: () => void) => void, given: Given = {}) => {
  const said: (Fault | null)[] = []
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.write('POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
  const [, response] = (await once(server, 'request')) as [unknown, ServerResponse]
  const closed = once(response, 'close')
  watchAnswer(response, { seesTools: true, ...given }, (fault) => void said.push(fault))
  answer(response, () => void client.destroy())
  client.resume().on('error', () => undefined)
  await closed
  server.close()
  return said
} // prettier-ignore

const result = (more: object) => JSON.stringify({ jsonrpc: '2.0', id: 1, ...more })
const FAILED = result({ result: { content: [{ type: 'text', text: 'no' }], isError: true } })

describe('the watch over an answer to an old URL', () => {
  for (const [what, body, fault] of [
    ['a tool’s result', result({ result: { content: [], isError: false } }), null],
    ['a tool’s error', FAILED, 'tool'],
    ['an error of JSON-RPC', result({ error: { message: 'no', code: -32602 } }), 'tool'],
    ['an event with an error', `event: message\ndata: ${FAILED}\n\n`, 'tool'],
    ['a text that tells of an error', result({ result: { content: [{ text: FAILED }] } }), null],
    ['data with an error of the API', result({ result: { structuredContent: { error: { code: 404 } } } }), null], // prettier-ignore
  ] as const)
    it(`says ${String(fault)} of ${what}`, async () => {
      assert.deepEqual(await watch((response) => response.end(body)), [fault])
    })

  it('sees an error that comes in pieces, and none when it shall not', async () => {
    const inPieces = (response: ServerResponse) => {
      for (const letter of FAILED) response.write(Buffer.from(letter))
      response.end()
    }
    assert.deepEqual(await watch(inPieces), ['tool'])
    assert.deepEqual(await watch(inPieces, { seesTools: false }), [null])
  })

  it('tells a status, a break and a long silence, each once', async () => {
    assert.deepEqual(await watch((response) => response.writeHead(503).end()), ['status'])
    const breakOff = (response: ServerResponse, leave: () => void) => {
      response.write('{')
      leave()
    }
    assert.deepEqual(await watch(breakOff), ['cut'])
    const late = (response: ServerResponse) => setTimeout(() => response.end(FAILED), 60)
    assert.deepEqual(await watch(late, { silenceMs: 20 }), ['silent'])
    const begun = (response: ServerResponse) => (response.flushHeaders(), late(response))
    assert.deepEqual(await watch(begun, { silenceMs: 20 }), ['tool'])
  })
})
