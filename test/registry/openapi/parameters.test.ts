import assert from 'node:assert/strict'
import { importText, openapi, toolOf } from '../../support/openapi.ts'

const query = (schema: object, more: object = {}) => ({ in: 'query', name: 'q', schema, ...more })
const only = async (parameter: object) => {
  const tool = await toolOf({ parameters: [parameter] })
  return tool.parameters['q']
}

describe('parameters of an OpenAPI operation', () => {
  const styles: readonly [string, object, string | undefined][] = [
    ['an array repeats', query({ type: 'array' }), undefined],
    ['form without explode is comma', query({ type: 'array' }, { explode: false }), 'comma'],
    ['pipes', query({ type: 'array' }, { style: 'pipeDelimited', explode: false }), 'pipe'],
    ['spaces', query({ type: 'array' }, { style: 'spaceDelimited', explode: false }), 'space'],
    ['a deep object', query({ type: 'object' }, { style: 'deepObject', explode: true }), 'deepObject'],
    ['an array said to be a deep object', query({ type: 'array' }, { style: 'deepObject', explode: true }), 'brackets'],
    ['the properties of an object', query({ type: 'object' }), 'repeat'],
    ['JSON content', { in: 'query', name: 'q', content: { 'application/json': { schema: { type: 'object' } } } }, undefined],
    ['a header', { in: 'header', name: 'q', schema: { type: 'array' } }, 'comma'],
  ] // prettier-ignore
  for (const [what, parameter, style] of styles)
    it(`are written as the document says: ${what}`, async () =>
      assert.equal((await only(parameter))?.style, style))

  it('keep what helps an agent: type, enum, format, bounds', async () => {
    const schema = { type: ['integer', 'null'], enum: ['1', 2, null], minimum: 1 }
    const parameter = await only(query(schema, { description: '<p>How **many**</p>\n\n' }))
    assert.deepEqual(parameter, {
      type: 'integer', required: false, description: 'How many', enum: [1, 2], schema: { minimum: 1 }, in: 'query',
    }) // prettier-ignore
  })

  it('of the path hold for every operation, and an operation may say them again', async () => {
    const path = {
      parameters: [{ in: 'path', name: 'id', required: true, schema: { type: 'string' } }, query({ type: 'string' })],
      get: { parameters: [query({ type: 'integer' })] },
    } // prettier-ignore
    const { config } = await importText(openapi({ '/pets/{id}': path }))
    assert.deepEqual(Object.keys(config.tools[0]?.parameters ?? {}), ['id', 'q'])
    assert.equal(config.tools[0]?.parameters['q']?.type, 'integer')
  })

  it('of one name in several places get keys of their own', async () => {
    const tool = await toolOf(
      {
        parameters: [
          { in: 'path', name: 'id', required: true, schema: { type: 'string' } },
          { in: 'query', name: 'id', schema: { type: 'string' } },
        ],
        requestBody: { content: { 'application/json': { schema: { properties: { id: { type: 'integer' } } } } } },
      },
      '/pets/{id}',
      'post',
    ) // prettier-ignore
    const places = Object.entries(tool.parameters).map(([key, { in: place, name }]) => [
      key,
      place,
      name,
    ])
    assert.deepEqual(places, [['id', 'path', undefined], ['query_id', 'query', 'id'], ['body_id', 'body', 'id']]) // prettier-ignore
  })

  it('with names that agents cannot write keep them for the API', async () => {
    const tool = await toolOf({ parameters: [query({}, { name: '$filter[name]' })] })
    assert.deepEqual(Object.entries(tool.parameters).map(([key, { name }]) => [key, name]), [['filter_name', '$filter[name]']]) // prettier-ignore
  })

  it('with one possible value are constants', async () => {
    const one = { type: 'string', enum: ['2024 a'] }
    const tool = await toolOf({
      parameters: [query(one, { required: true }), { in: 'header', name: 'X-V', required: true, schema: one }],
    }) // prettier-ignore
    assert.deepEqual(
      [tool.endpoint, tool.headers, tool.parameters],
      ['/pets?q=2024%20a', { 'X-V': '2024 a' }, {}],
    )
  })

  const paths: readonly [string, string][] = [
    ['/a/{pet-id}', '/a/{pet-id}'],
    ['/a/{pet.id}/b', '/a/{pet_id}/b'],
    ['/a/{{id}}', '/a/{id}'],
    ['/a/{id}{.format}', '/a/{id}.{format}'],
    ['/a/{id:[0-9]+}', '/a/{id}'],
    ['a/{id}#get', '/a/{id}'],
    ['/a?type=x&v={id}', '/a?type=x'],
  ]
  for (const [path, endpoint] of paths)
    it(`stand in the path ${path} under keys that templates can name`, async () =>
      assert.equal((await toolOf({}, path)).endpoint, endpoint))

  it('may reach over slashes where the template says so', async () => {
    assert.equal((await toolOf({}, '/a/{+name}')).parameters['name']?.reserved, true)
  })

  it('behind a reference that leads nowhere cost the tool, with the reason', async () => {
    const paths = {
      '/a': { get: {} },
      '/b': { get: { parameters: [{ $ref: 'https://x.dev/p.json#/p' }] } },
    }
    const { config, leftOut } = await importText(openapi(paths))
    assert.equal(config.tools.length, 1)
    assert.match(leftOut[0]?.reason ?? '', /x\.dev\/p\.json#\/p, which cannot be read/)
  })

  it('that the credentials bring are not asked of agents', async () => {
    const document = openapi(
      { '/a': { get: { parameters: [query({}, { name: 'api_key' }), query({})] } } },
      {
        components: { securitySchemes: { key: { type: 'apiKey', in: 'query', name: 'api_key' } } },
      },
    )
    const { config } = await importText(document)
    assert.deepEqual(Object.keys(config.tools[0]?.parameters ?? {}), ['q'])
  })
})
