import assert from 'node:assert/strict'
import type { OutgoingRequest } from '../../../src/services/mcp/outgoing-request.ts'
import { bodyOf, requestOf } from '../../support/tools.ts'

const BYTES = Buffer.from([0, 255, 13, 10, 128])
const FILE = BYTES.toString('base64')

/** What a server reads from a multipart request; the parser is the platform's own. */
const readMultipart = (request: OutgoingRequest): Promise<FormData> =>
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- deprecated for servers only
  new Response(new Uint8Array(request.body ?? []), { headers: request.headers }).formData()

describe('a form body', () => {
  it('is urlencoded, repeats the key of an array and writes objects as JSON', () => {
    const parameters = {
      name: {},
      tags: { type: 'array' },
      meta: { type: 'object' },
      gone: {},
    } as const
    const request = requestOf(
      { method: 'POST', encoding: 'form', parameters },
      { args: { name: 'a&b=ü', tags: ['x', 'y'], meta: { k: 1 }, gone: null } },
    )
    assert.equal(request.headers['content-type'], 'application/x-www-form-urlencoded')
    assert.equal(bodyOf(request), 'name=a%26b%3D%C3%BC&tags=x&tags=y&meta=%7B%22k%22%3A1%7D')
  })
})

describe('a multipart body', () => {
  const tool = {
    method: 'POST',
    encoding: 'multipart',
    parameters: {
      file: { type: 'file', required: true },
      title: {},
      'labels[]': { type: 'array' },
    },
  } as const

  it('carries the decoded bytes of a file beside text parts', async () => {
    const form = await readMultipart(requestOf(tool, { args: { file: FILE, title: 'Ünï' } }))
    const file = form.get('file')
    assert.ok(file instanceof File)
    assert.deepEqual(Buffer.from(await file.arrayBuffer()), BYTES)
    assert.equal(form.get('title'), 'Ünï')
    assert.deepEqual([...form.keys()], ['file', 'title'])
  })

  it('repeats the part of an array', async () => {
    const args = { file: FILE, 'labels[]': ['a', 'b'] }
    assert.deepEqual((await readMultipart(requestOf(tool, { args }))).getAll('labels[]'), [
      'a',
      'b',
    ])
  })

  it('is not ended early by a value that looks like a boundary', async () => {
    const title = '\r\n--berth-\r\ncontent-disposition: form-data; name="admin"\r\n\r\n1'
    const form = await readMultipart(requestOf(tool, { args: { file: FILE, title } }))
    assert.equal(form.get('title'), title)
    assert.equal(form.get('admin'), null)
  })
})

describe('a body that is a whole file', () => {
  const parameters = { content: { type: 'file' }, path: { in: 'query' } } as const
  const tool = { method: 'PUT', body: '{{content}}', parameters } as const

  it('is the bytes, of the type that the tool states', () => {
    const request = requestOf(tool, { args: { content: FILE, path: '/a' } })
    assert.deepEqual(request.body, BYTES)
    assert.equal(request.headers['content-type'], 'application/octet-stream')
    const typed = requestOf({ ...tool, headers: { 'Content-Type': 'image/png' } }, { args: { content: FILE } }) // prettier-ignore
    assert.equal(typed.headers['content-type'], 'image/png')
  })

  it('is empty when the file is left out', () => {
    assert.equal(requestOf(tool).body, undefined)
  })
})

describe('a JSON body', () => {
  it('is an empty object when every parameter for it is left out, and none without any', () => {
    assert.equal(bodyOf(requestOf({ method: 'POST', parameters: { name: {} } })), '{}')
    assert.equal(requestOf({ method: 'POST' }).body, undefined)
  })

  it('follows its template, and takes no parameter that stands elsewhere', () => {
    const tool = {
      method: 'PATCH',
      endpoint: '/items/{id}',
      parameters: { id: {}, title: {} },
      body: { data: { type: 'item', attributes: { title: '{{title}}' } } },
    } as const
    assert.equal(
      bodyOf(requestOf(tool, { args: { id: 'i', title: 'T' } })),
      '{"data":{"type":"item","attributes":{"title":"T"}}}',
    )
  })

  it('is the argument itself for the template "{{x}}"', () => {
    const tool = {
      method: 'POST',
      body: '{{rows}}',
      parameters: { rows: { type: 'array' } },
    } as const
    const request = requestOf(tool, { args: { rows: [{ a: 1 }] } })
    assert.equal(bodyOf(request), '[{"a":1}]')
    assert.equal(request.headers['content-type'], 'application/json')
    assert.equal(requestOf(tool).body, undefined)
  })
})
