import assert from 'node:assert/strict'
import { isSecretField, placeOf, type Parameter, type Tool } from '../../src/model/service.ts'

const tool = (over: Partial<Tool>, parameter: Partial<Parameter> = {}): Tool => ({
  name: 'get_widget',
  description: '',
  method: 'GET',
  endpoint: '/widgets',
  parameters: { id: { type: 'string', required: true, description: '', ...parameter } },
  ...over,
})

describe('placeOf', () => {
  it('puts a parameter where the config says', () => {
    for (const place of ['path', 'query', 'header', 'cookie', 'body'] as const)
      assert.equal(placeOf(tool({ endpoint: '/{id}', method: 'POST' }, { in: place }), 'id'), place)
  })

  it('puts it into the path when the endpoint names it, whole', () => {
    assert.equal(placeOf(tool({ endpoint: '/widgets/{id}', method: 'POST' }), 'id'), 'path')
    assert.equal(placeOf(tool({ endpoint: '/widgets/{id_of_owner}' }), 'id'), 'query')
  })

  it('puts the rest into the query of methods without a body, otherwise into the body', () => {
    const places = (['GET', 'HEAD', 'DELETE', 'POST', 'PUT', 'PATCH'] as const).map((method) =>
      placeOf(tool({ method }), 'id'),
    )
    assert.deepEqual(places, ['query', 'query', 'query', 'body', 'body', 'body'])
  })

  it('puts it into the body of a DELETE that has a template', () => {
    assert.equal(placeOf(tool({ method: 'DELETE', body: { ids: ['{{id}}'] } }), 'id'), 'body')
  })
})

describe('isSecretField', () => {
  it('says yes to passwords and text areas alone', () => {
    const secret = (['password', 'textarea', 'text', 'email', 'url'] as const).filter((type) =>
      isSecretField({ name: 'x', type, required: false, description: '' }),
    )
    assert.deepEqual(secret, ['password', 'textarea'])
  })
})
