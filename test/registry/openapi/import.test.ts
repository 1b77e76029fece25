import assert from 'node:assert/strict'
import { importText, openapi } from '../../support/openapi.ts'

const names = async (paths: object) =>
  (await importText(openapi(paths))).config.tools.map(({ name }) => name)

describe('importing an OpenAPI document', () => {
  it('names tools after operation ids, else after method and path, each once', async () => {
    const paths = {
      '/pets': { get: { operationId: 'Pets.List / all' }, post: { operationId: 'Pets.List / all' } },
      '/pets/{id}': { get: {}, delete: { operationId: 'животные' } },
      '/pets/{id}/toys': { get: {} },
      '/pets/{id}/toys/{toy}': { get: { operationId: `api_v1_controllers_${'pets_'.repeat(12)}get_toy` } },
    }
    const found = await names(paths)
    assert.deepEqual(found.slice(0, 5), ['Pets_List_all', 'post_pets', 'get_pets_by_id', 'delete_pets_by_id', 'get_pets_toys'])
    assert.ok(found.every((name) => /^[a-zA-Z0-9_-]{1,64}$/.test(name)))
    assert.match(found[5] ?? '', /get_toy$/)
  }) // prettier-ignore

  it('keeps names apart that differ in nothing that a name may have', async () => {
    const same = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`/п${'!'.repeat(n)}`, { get: {} }])) // prettier-ignore
    const found = await names(same)
    assert.equal(new Set(found).size, 12)
  })

  it('describes in a few plain words', async () => {
    const description = `<p>Gets **one** [pet](https://x.dev).</p>\n\n# More\n${'Long. '.repeat(500)}`
    const { config } = await importText(openapi({ '/a': { get: { summary: 'One pet', description, deprecated: true } }, '/b': { get: {} } })) // prettier-ignore
    const [first, second] = config.tools
    assert.match(first?.description ?? '', /^Deprecated\. One pet\. Gets one pet\. More Long\./)
    assert.ok((first?.description.length ?? 0) <= 620)
    assert.equal(second?.description, 'GET /b (b)')
  })

  it('chooses by tag, refuses a tag that no operation has, and names those that are', async () => {
    const document = openapi({
      '/a': { get: { tags: ['Cats'] } },
      '/b': { get: { tags: ['Dogs'] } },
    })
    const { config, leftOut } = await importText(document, { tags: ['cats'] })
    assert.deepEqual([config.tools.length, leftOut], [1, [{ where: 'GET /b', reason: 'has none of the tags' }]]) // prettier-ignore
    await assert.rejects(importText(document, { tags: ['birds'] }), /tag birds.*Cats, Dogs/)
  })

  it('leaves deprecated operations out first when there are too many', async () => {
    const document = openapi({ '/a': { get: { deprecated: true } }, '/b': { get: {} }, '/c': { get: {} } }) // prettier-ignore
    const { config, leftOut } = await importText(document, { maxTools: 2 })
    assert.deepEqual(config.tools.map(({ name }) => name), ['get_b', 'get_c']) // prettier-ignore
    assert.match(leftOut[0]?.reason ?? '', /beyond --max-tools 2/)
  })

  it('follows references to path items, parameters and bodies, also through other references', async () => {
    const document = openapi(
      { '/a/{id}': { $ref: '#/x-items/a~1b' } },
      {
        'x-items': { 'a/b': { post: { parameters: [{ $ref: '#/components/parameters/Id' }], requestBody: { $ref: '#/components/requestBodies/B' } } } },
        components: {
          parameters: { Id: { $ref: '#/components/parameters/RealId' }, RealId: { in: 'path', name: 'id', required: true, schema: { $ref: '#/components/schemas/A/properties/id' } } },
          requestBodies: { B: { content: { 'application/json': { schema: { $ref: '#/components/schemas/A' } } } } },
          schemas: { A: { properties: { id: { type: 'integer' }, size: { $ref: '#/components/schemas/Size', description: 'How big' } } }, Size: { type: 'number' } },
        },
      },
    )
    const { config } = await importText(document)
    const { id, body_id: inBody, size } = config.tools[0]?.parameters ?? {}
    assert.deepEqual([id?.type, inBody?.type, size?.type, size?.description], ['integer', 'integer', 'number', 'How big'])
  }) // prettier-ignore

  const useless: readonly [string, object, RegExp][] = [
    ['no paths', { paths: {} }, /no operations/],
    ['webhooks only', { webhooks: { a: {} }, paths: undefined }, /webhooks only/],
    [
      'nothing that a tool can be',
      { paths: { '/a': { trace: {} } } },
      /None of its operations.*TRACE/,
    ],
    ['paths of the wrong kind', { paths: [1, 'x', null] }, /no operations/],
  ]
  for (const [what, more, reason] of useless)
    it(`refuses a document with ${what}`, () => assert.rejects(importText(openapi({}, more)), reason)) // prettier-ignore

  it('takes words such as constructor and __proto__ as any other', async () => {
    const schema =
      '{"properties": {"__proto__": {"type": "string"}, "constructor": {"type": "string"}}}'
    const text = `{"openapi": "3.0.0", "paths": {"/a": {"post": {"requestBody": {"content": {"application/json": {"schema": ${schema}}}}}}}}`
    const { config } = await importText(text)
    assert.deepEqual(Object.keys(config.tools[0]?.parameters ?? {}), ['constructor'])
  })

  it('bounds what one tool shows, however large its schema', async () => {
    const wide = (depth: number): object => ({ type: 'object', properties: Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`p${n}`, depth > 0 ? wide(depth - 1) : { type: 'string' }])) }) // prettier-ignore
    const requestBody = { content: { 'application/json': { schema: wide(3) } } }
    const { config } = await importText(openapi({ '/a': { post: { requestBody } } }))
    assert.ok(JSON.stringify(config.tools[0]).length < 30_000)
  })
})
