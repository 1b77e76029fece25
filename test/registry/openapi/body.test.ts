import assert from 'node:assert/strict'
import { importText, openapi, toolOf } from '../../support/openapi.ts'

const post = (content: object, more: object = {}) =>
  toolOf({ requestBody: { content, ...more } }, '/pets', 'post')
const types = (tool: Awaited<ReturnType<typeof post>>) =>
  Object.fromEntries(Object.entries(tool.parameters).map(([key, { type }]) => [key, type]))

describe('the body of an OpenAPI operation', () => {
  it('is a parameter per property, without what is read-only', async () => {
    const schema = {
      required: ['name'],
      properties: { id: { type: 'string', readOnly: true }, name: { type: 'string' }, tags: { type: 'array', items: { type: 'string' } } },
    } // prettier-ignore
    const tool = await post({ 'application/json': { schema } })
    assert.deepEqual(types(tool), { name: 'string', tags: 'array' })
    assert.equal(tool.parameters['name']?.required, true)
    assert.deepEqual(tool.parameters['tags']?.schema, { items: { type: 'string' } })
  })

  it('comes together from allOf, and from oneOf with what all require', async () => {
    const a = { type: 'object', required: ['kind', 'a'], properties: { kind: { type: 'string' }, a: { type: 'string' } } }
    const b = { type: 'object', required: ['kind'], properties: { kind: { type: 'string' }, b: { type: 'integer' } } }
    const both = await post({ 'application/json': { schema: { allOf: [a, b] } } })
    const either = await post({ 'application/json': { schema: { oneOf: [a, b] } } })
    const required = ({ parameters }: typeof both) => Object.keys(parameters).filter((key) => parameters[key]?.required).sort()
    assert.deepEqual([required(both), required(either)], [['a', 'kind'], ['kind']])
    assert.deepEqual(Object.keys(types(either)).sort(), ['a', 'b', 'kind'])
  }) // prettier-ignore

  it('that is no object with properties is one parameter', async () => {
    for (const [schema, type] of [[{ type: 'array', items: {} }, 'array'], [{ type: 'string' }, 'string'], [{}, 'any'], [{ type: 'object', additionalProperties: true }, 'object']] as const) {
      const tool = await post({ 'application/json': { schema } })
      assert.deepEqual([types(tool), tool.body], [{ body: type }, '{{body}}'])
    }
  }) // prettier-ignore

  it('survives schemas that contain themselves', async () => {
    const node = { type: 'object', properties: { children: { type: 'array', items: { $ref: '#/components/schemas/Node' } } } }
    const { config } = await importText(
      openapi(
        { '/a': { post: { requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Node' } } } } } } },
        { components: { schemas: { Node: node, Loop: { $ref: '#/components/schemas/Loop' }, Mad: { allOf: [{ $ref: '#/components/schemas/Mad' }] } } } },
      ),
    )
    assert.ok(JSON.stringify(config).length < 4_000)
  }) // prettier-ignore

  it('may be a form, with the styles of its encoding', async () => {
    const schema = { properties: { a: { type: 'array' }, o: { type: 'object' } } }
    const encoding = {
      o: { style: 'deepObject', explode: true },
      a: { style: 'form', explode: false },
    }
    const tool = await post({ 'application/x-www-form-urlencoded': { schema, encoding } })
    assert.deepEqual([tool.encoding, tool.parameters['a']?.style, tool.parameters['o']?.style], ['form', 'comma', 'deepObject']) // prettier-ignore
  })

  it('is multipart where bytes are in it', async () => {
    const schema = { properties: { file: { type: 'string', format: 'binary' }, files: { type: 'array', items: { type: 'string', format: 'binary' } }, note: {} } } // prettier-ignore
    const tool = await post({ 'multipart/form-data': { schema } })
    assert.deepEqual([tool.encoding, types(tool)], ['multipart', { file: 'file', files: 'array', note: 'any' }]) // prettier-ignore
    assert.deepEqual(tool.parameters['files']?.items, { type: 'file' })
  })

  it('may be bytes or text under its own content type', async () => {
    const bytes = await post({ 'image/png': { schema: { type: 'string', format: 'binary' } } })
    assert.deepEqual([types(bytes), bytes.headers], [{ body: 'file' }, { 'Content-Type': 'image/png' }]) // prettier-ignore
    const text = await post({ 'application/xml': { schema: { type: 'object', properties: { a: {} } } } }) // prettier-ignore
    assert.deepEqual([types(text), text.encoding, text.headers], [{ body: 'string' }, 'text', { 'Content-Type': 'application/xml' }]) // prettier-ignore
  })

  it('says a JSON type of its own', async () => {
    const tool = await post({ 'application/vnd.api+json': { schema: { properties: { a: {} } } } })
    assert.deepEqual(tool.headers, { 'Content-Type': 'application/vnd.api+json' })
  })

  it('of another kind costs the tool, with the reason', async () => {
    const related = { post: { requestBody: { content: { 'multipart/related': {} } } } }
    const { leftOut } = await importText(openapi({ '/a': { get: {} }, '/b': related }))
    assert.deepEqual(leftOut, [{ where: 'POST /b', reason: 'takes a body of multipart/related only' }]) // prettier-ignore
  })

  it('is read from Swagger 2.0 too: body, form and files', async () => {
    const document = {
      swagger: '2.0', info: { title: 'P' }, host: 'api.pets.dev', basePath: '/v2', schemes: ['http', 'https'], consumes: ['application/json'],
      definitions: { Pet: { type: 'object', properties: { name: { type: 'string' } } } },
      parameters: { page: { in: 'query', name: 'page', type: 'integer' } },
      paths: {
        '/a': { post: { parameters: [{ $ref: '#/parameters/page' }, { in: 'body', name: 'pet', schema: { $ref: '#/definitions/Pet' } }] } },
        '/b': { post: { consumes: ['multipart/form-data'], parameters: [{ in: 'formData', name: 'f', type: 'file' }, { in: 'formData', name: 'l', type: 'array', items: { type: 'string' } }] } },
        '/c': { get: { parameters: [{ in: 'query', name: 'ids', type: 'array', items: { type: 'integer' } }, { in: 'query', name: 'm', type: 'array', collectionFormat: 'multi' }] } },
      },
    } // prettier-ignore
    const { config } = await importText(document)
    const [a, b, c] = config.tools
    assert.equal(config.api.baseURL, 'https://api.pets.dev/v2')
    assert.deepEqual(Object.keys(a?.parameters ?? {}), ['page', 'name'])
    assert.deepEqual([b?.encoding, b?.parameters['f']?.type, b?.parameters['l']?.style], ['multipart', 'file', 'comma']) // prettier-ignore
    assert.deepEqual([c?.parameters['ids']?.style, c?.parameters['m']?.style], ['comma', undefined])
  })
})
