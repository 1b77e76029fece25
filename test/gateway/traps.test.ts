import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { HANDLE, INSTANCE_PATH, SECRET, startGateway } from '../support/gateway.ts'
import { send } from '../support/http.ts'
import { startRecorder } from '../support/recorder.ts'

describe('requests that are traps', () => {
  let host: Awaited<ReturnType<typeof startRecorder>>
  let front: Awaited<ReturnType<typeof startGateway>>
  before(async () => {
    host = await startRecorder()
    front = await startGateway({ ports: { widgets: host.port } })
  })
  after(async () => {
    await front.stop()
    await host.stop()
  })
  beforeEach(() => {
    host.requests.length = 0
  })

  const sendBytes = async (bytes: string): Promise<string> => {
    const socket = connect(front.port, '127.0.0.1').on('error', () => undefined)
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
    socket.end(bytes, 'latin1')
    await once(socket, 'close')
    return text
  }
  const post = (lines: readonly string[], body = '', path = INSTANCE_PATH) =>
    [`POST ${path} HTTP/1.1`, 'host: localhost', ...lines, '', body].join('\r\n')
  const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nhost: localhost\r\n\r\n'

  for (const [title, bytes] of [
    [
      'both framings',
      post(['content-length: 4', 'transfer-encoding: chunked'], `0\r\n\r\n${SMUGGLED}`),
    ],
    [
      'both framings, the other way round',
      post(['transfer-encoding: chunked', 'content-length: 4'], `0\r\n\r\n${SMUGGLED}`),
    ],
    ['two lengths', post(['content-length: 0', 'content-length: 44'], SMUGGLED)],
    ['a signed length', post(['content-length: +0'], SMUGGLED)],
    ['a length with a blank before its colon', post(['content-length : 0'], SMUGGLED)],
    ['a coding that is not chunked', post(['transfer-encoding: xchunked'], SMUGGLED)],
    ['chunked that is not last', post(['transfer-encoding: chunked, identity'], SMUGGLED)],
    [
      'a blank line in the headers, bare',
      post(['a: b\ntransfer-encoding: chunked', 'content-length: 0'], SMUGGLED),
    ],
    ['lines that end bare', `${post(['content-length: 0']).replaceAll('\r\n', '\n')}${SMUGGLED}`],
    ['a chunk that ends bare', post(['transfer-encoding: chunked'], `1\nx\n0\n\n${SMUGGLED}`)],
    [
      'a coding in two headers',
      post(['transfer-encoding: chunked', 'transfer-encoding: identity'], `0\r\n\r\n${SMUGGLED}`),
    ],
    [
      'a coding after a form feed',
      post(['transfer-encoding: \fchunked', 'content-length: 0'], SMUGGLED),
    ],
    ['a coding in quotes', post(['transfer-encoding: "chunked"', 'content-length: 0'], SMUGGLED)],
    [
      'a coding with a blank before its colon',
      post(['transfer-encoding : chunked', 'content-length: 0'], SMUGGLED),
    ],
    [
      'a coding on a folded line',
      post(['transfer-encoding:', ' chunked', 'content-length: 0'], `0\r\n\r\n${SMUGGLED}`),
    ],
    [
      'a first header that is folded',
      post([' transfer-encoding: chunked', 'content-length: 0'], SMUGGLED),
    ],
    ['a length that is a list', post(['content-length: 0, 44'], SMUGGLED)],
    ['a length that is hexadecimal', post(['content-length: 0x2c'], SMUGGLED)],
    ['a length below zero', post(['content-length: -1'], SMUGGLED)],
    ['a length beyond all numbers', post(['content-length: 18446744073709551616'], SMUGGLED)],
    [
      'a chunk beyond all numbers',
      post(['transfer-encoding: chunked'], `10000000000000000\r\n${SMUGGLED}`),
    ],
    ['a chunk of a size below zero', post(['transfer-encoding: chunked'], `-1\r\n${SMUGGLED}`)],
    [
      'a chunk that says much beside its size',
      post(['transfer-encoding: chunked'], `1;${'x'.repeat(100_000)}\r\n`),
    ],
    [
      'trailers beyond any size',
      post(['transfer-encoding: chunked'], `0\r\na: ${'x'.repeat(100_000)}\r\n\r\n`),
    ],
    [
      'a version that is none',
      `POST ${INSTANCE_PATH} HTTP/9.9\r\nhost: localhost\r\n\r\n${SMUGGLED}`,
    ],
    [
      'a target of a hundred thousand bytes',
      post([], '', `${INSTANCE_PATH}/${'x'.repeat(100_000)}`),
    ],
    ['a NUL in a header', post(['a: b\0c'], '')],
    ['a carriage return in a header', post(['a: b\rc: d'], '')],
    ['a chunk size that is none', post(['transfer-encoding: chunked'], `zz\r\n${SMUGGLED}`)],
    [
      'a chunk that is longer than it says',
      post(['transfer-encoding: chunked'], `1\r\nabc\r\n0\r\n\r\n`),
    ],
    [
      'an absolute target',
      `GET http://evil.example${INSTANCE_PATH} HTTP/1.1\r\nhost: localhost\r\n\r\n`,
    ],
    ['a target of another server', 'CONNECT evil.example:443 HTTP/1.1\r\nhost: localhost\r\n\r\n'],
    ['a target that is no path', 'GET evil HTTP/1.1\r\nhost: localhost\r\n\r\n'],
    ['a hundred thousand bytes of headers', post([`a: ${'x'.repeat(100_000)}`])],
    ['five thousand headers', post(Array.from({ length: 5_000 }, (_, index) => `a${index}: b`))],
    ['two hosts', post(['host: evil.example'])],
    ['a path that goes up', post([], '', `/${HANDLE}_${SECRET}/../widgets`)],
    ['a path that goes up, encoded', post([], '', `/${HANDLE}_${SECRET}/%2e%2e/widgets`)],
    ['a path with an empty beginning', post([], '', `/${INSTANCE_PATH}`)],
    ['a path with an encoded slash', post([], '', `/${HANDLE}_${SECRET}%2fwidgets`)],
    ['a service name that is encoded', post([], '', `/${HANDLE}_${SECRET}/%77idgets`)],
  ] as const)
    // prettier-ignore
    it(`are refused or cut off, and reach no host: ${title}`, async () => {
      const [answer, other] = await Promise.all([sendBytes(bytes), send(front.url, INSTANCE_PATH, { method: 'PUT' })])
      assert.equal(other.status, 200)
      const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d)/gm)].map(([, first]) => first)
      // 299 is the test's API, for what is no instance URL at all.
      assert.ok(statuses.every((first) => first === '4') || /^HTTP\/1\.1 299/.test(answer), answer)
      assert.deepEqual(host.requests.map(({ method }) => method), ['PUT'])
      assert.equal((await send(front.url, INSTANCE_PATH)).status, 200)
    })

  it('a folded header is no second header', async () => {
    await sendBytes(post(['a: b', ' transfer-encoding: chunked', 'content-length: 0', 'connection: close'])) // prettier-ignore
    for (const { headers } of host.requests) assert.equal(headers['transfer-encoding'], undefined)
    assert.equal((await send(front.url, INSTANCE_PATH)).status, 200)
  })

  it('paths behind the service are the host’s to judge, as they came', async () => {
    for (const rest of ['/%2e%2e/%2e%2e/etc/passwd', '//evil.example/x', '/..;/x', '/a/../../b']) {
      await send(front.url, `${INSTANCE_PATH}${rest}`)
      assert.equal(host.requests.at(-1)?.url, rest)
      assert.equal(host.requests.at(-1)?.headers.host, `127.0.0.1:${host.port}`)
    }
  })

  it('clients that vanish, at any moment, disturb nobody', async () => {
    const whole = post(['content-length: 10'], '0123456789')
    for (let length = 1; length <= whole.length; length += 3) {
      const socket = connect(front.port, '127.0.0.1').on('error', () => undefined)
      await once(socket, 'connect')
      await new Promise((resolve) => socket.write(whole.slice(0, length), resolve))
      if (length % 2 === 0) socket.resetAndDestroy()
      else socket.destroy()
    }
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(front.url, INSTANCE_PATH))) // prettier-ignore
    assert.ok(answers.every(({ status }) => status === 200))
  })
})
