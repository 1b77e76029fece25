import assert from 'node:assert/strict'
import { bodyOf, requestOf } from '../../support/tools.ts'

const PNG = Buffer.from('89504e470d0a1a0a0000', 'hex').toString('base64')
const UPLOAD = { method: 'POST', encoding: 'multipart' } as const

const partsOf = (parameters: object, args: Record<string, unknown>) =>
  bodyOf(requestOf({ ...UPLOAD, parameters: { ...parameters } }, { args })) ?? ''

describe('a file in a multipart body', () => {
  it('has a name and a type by its first bytes', () => {
    const body = partsOf({ photo: { type: 'file' } }, { photo: PNG })
    assert.match(body, /name="photo"; filename="photo\.png"\r\ncontent-type: image\/png\r\n\r\n/)
  })

  it('is of the type that a data URL states', () => {
    const data = `data:text/csv;charset=utf-8;base64,${Buffer.from('a,b').toString('base64')}`
    const body = partsOf({ table: { type: 'file' } }, { table: data })
    assert.match(body, /filename="table\.csv"\r\ncontent-type: text\/csv\r\n\r\na,b\r\n/)
  })

  it('has the name that the agent gives in a parameter for it', () => {
    const parameters = { file: { type: 'file' }, filename: {} }
    const body = partsOf(parameters, { file: 'aGk=', filename: 'my "notes".txt' })
    assert.match(body, /name="file"; filename="my %22notes%22\.txt"/)
    assert.match(body, /name="filename"\r\n\r\nmy "notes"\.txt\r\n/)
  })

  it('is otherwise called like its field, under the API’s own name', () => {
    const body = partsOf({ file_2: { type: 'file', name: 'file' } }, { file_2: 'aGk=' })
    assert.match(body, /name="file"; filename="file"\r\ncontent-type: application\/octet-stream\r\n\r\nhi\r\n/) // prettier-ignore
  })

  it('makes the body multipart by itself, where the config does not say otherwise', () => {
    const parameters = { file: { type: 'file' }, title: {} } as const
    const args = { file: 'aGk=', title: 'Notes' }
    const type = (tool: object) => requestOf({ method: 'POST', parameters, ...tool }, { args }).headers['content-type'] // prettier-ignore
    assert.match(type({}) ?? '', /^multipart\/form-data; boundary=/)
    assert.match(type({ headers: { 'Content-Type': 'multipart/form-data' } }) ?? '', /boundary=/)
    assert.equal(type({ encoding: 'json' }), 'application/json')
    assert.equal(type({ body: { data: '{{file}}' } }), 'application/json')
  })

  it('may be one of several', () => {
    const body = partsOf({ files: { type: 'array', items: { type: 'file' } } }, { files: [PNG, 'aGk='] }) // prettier-ignore
    assert.equal(body.match(/name="files"; filename="files/g)?.length, 2)
  })

  it('is refused when it is no base64', () => {
    assert.throws(() => partsOf({ file: { type: 'file' } }, { file: '/home/me/notes.txt!' }), /must be base64/) // prettier-ignore
  })
})

describe('a file that is the whole body', () => {
  const tool = {
    method: 'PUT',
    parameters: { content: { type: 'file' } },
    body: '{{content}}',
  } as const

  it('is octets unless a data URL says more: some APIs take nothing else', () => {
    const type = (content: string) => requestOf(tool, { args: { content } }).headers['content-type']
    assert.equal(type(PNG), 'application/octet-stream')
    assert.equal(type(`data:image/png;base64,${PNG}`), 'image/png')
  })
})
