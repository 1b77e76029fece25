import assert from 'node:assert/strict'
import type { Inject } from '../../../src/model/service.ts'
import { callTool } from '../../../src/services/mcp/call.ts'
import { maskOf } from '../../../src/services/mcp/mask-credentials.ts'
import { redirected } from '../../../src/services/mcp/redirect.ts'
import { createUpstream } from '../../../src/services/mcp/upstream.ts'
import { startRecorder, type Recorded } from '../../support/recorder.ts'
import { makeService } from '../../support/services.ts'
import { makeTool } from '../../support/tools.ts'

const field = (name: string, type: 'text' | 'password') =>
  ({ name, type, required: true, description: '' }) as const

describe('a key in what the API says', () => {
  const upstream = createUpstream({ sandboxUrl: undefined, allowPrivate: true })
  /** Quotes everything that it was sent, in each spelling, as talkative APIs do. */
  const quote = ({ url, headers }: Recorded) => ({
    status: 401,
    headers: { location: `https://elsewhere.example${url}`, link: `<${url}>; rel=next` },
    body: JSON.stringify({ url, decoded: decodeURIComponent(url), headers }),
  })
  let api: Awaited<ReturnType<typeof startRecorder>>
  before(async () => {
    api = await startRecorder(quote)
  })
  after(async () => {
    await upstream.close()
    await api.stop()
  })

  const said = async (inject: Inject, credentials: Record<string, string>) => {
    const service = makeService({
      api: { baseURL: api.url, version: '', documentation: '' },
      auth: {
        type: 'api_key',
        fields: [field('user', 'text'), field('secret', 'password')],
        inject,
      },
      tools: [makeTool({ name: 'get' })],
    })
    const called = await callTool({ service, tool: 'get', args: {}, credentials, upstream })
    assert.equal(called?.result.isError, true)
    return JSON.stringify(called.result)
  }

  it('is masked as the base64 of basic, alone and with its scheme', async () => {
    const credentials = { user: 'anna@x.test', secret: 'pä"ss/wörd' }
    const text = await said(
      { basic: { username: '{{user}}', password: '{{secret}}' } },
      credentials,
    )
    const pair = Buffer.from(`${credentials.user}:${credentials.secret}`).toString('base64')
    assert.equal(api.requests.at(-1)?.headers.authorization, `Basic ${pair}`)
    assert.ok(!text.includes(pair), text)
    assert.match(text, /Basic \[authorization\]/)
  })

  it('is masked as PHP and .NET escape it in JSON, pages in HTML, and in base64', () => {
    const secret = "k3y/of+anna&'x'"
    const mask = maskOf({ secret })
    const escaped = (escape: (unit: string) => string) => secret.replace(/[/+&']/g, escape)
    const code = (unit: string) => unit.charCodeAt(0).toString(16).padStart(4, '0')
    for (const text of [
      secret.replaceAll('/', '\\/'),
      escaped((unit) => `\\u${code(unit)}`),
      escaped((unit) => `\\u${code(unit).toUpperCase()}`),
      secret.replaceAll('&', '&amp;').replaceAll("'", '&#39;'),
      encodeURIComponent(secret).replace(/%../g, (one) => one.toLowerCase()),
      Buffer.from(secret).toString('base64'),
      Buffer.from(secret).toString('base64url'),
    ])
      assert.equal(mask(`said: ${text}`), 'said: [secret]', text)
  })

  it('is masked in headers and addresses, with or without white space around it', async () => {
    for (const secret of ['s3cr+t/of=anna', ' s3cret-of-anna\n', `it's(s3cret)*!of anna`]) {
      const inject = { headers: { 'x-key': 'Key {{secret}}' }, query: { k: '{{secret}}' } }
      const text = await said(inject, { user: 'u', secret })
      assert.match(text, /Key \[secret\]/)
      assert.doesNotMatch(text, /s3cr/, text)
    }
  })

  it('is masked in what undici says when the call cannot be made', async () => {
    const text = await said(
      { headers: { 'x-key': '{{secret}}' } },
      { user: 'u', secret: 's3cret\r\nof-anna' },
    )
    assert.doesNotMatch(text, /s3cret|of-anna/)
    assert.match(text, /secret of Widgets has a line break/)
  })
})

describe('a redirect to another origin', () => {
  const request = {
    method: 'GET',
    url: new URL('https://api.widgets.test/v1?key=s3cret'),
    headers: { 'x-key': 's3cret', cookie: 's3cret', authorization: 's3cret', accept: 'a/b', 'user-agent': 'berth' }, // prettier-ignore
    body: Buffer.from('{"key":"s3cret"}'),
  }
  const to = (location: string) =>
    redirected(request, { status: 307, headers: { location }, body: Buffer.alloc(0), truncated: false }) // prettier-ignore

  it('takes nothing along that was injected: no header, no query, no body', () => {
    for (const location of [
      'https://elsewhere.test/v1',
      'https://api.widgets.test:8443/v1',
      '//widgets.test/v1',
      'https://api.widgets.test.evil.test/',
      'https://api.widgets.test@evil.test/',
    ]) {
      const next = to(location)
      assert.ok(next, location)
      assert.deepEqual(next.headers, { accept: 'a/b', 'user-agent': 'berth' })
      assert.equal(next.body, undefined)
      assert.doesNotMatch(next.url.href, /s3cret/)
    }
  })

  it('is none where the protocol is not https', () => {
    for (const location of [
      'http://api.widgets.test/v1',
      'ftp://a/',
      'data:,x',
      'javascript:1',
      '//',
    ])
      assert.equal(to(location), undefined, location)
  })
})
