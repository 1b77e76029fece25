import assert from 'node:assert/strict'
import { lintRegistry } from '../../src/registry/lint.ts'
import { olderConfig, useRegistries } from '../support/registries.ts'

const parameter = { type: 'string', required: true, description: 'A name' }
const tool = (over: Record<string, unknown> = {}) => ({
  name: 'get_widget',
  description: 'Gets one widget.',
  method: 'GET',
  endpoint: '/widgets/{id}',
  parameters: { id: parameter },
  ...over,
})
const good = (over: Record<string, unknown> = {}) =>
  olderConfig({ source: 'https://widgets.test/docs', tools: [tool()], ...over })

const field = (name: string, required = true) => ({ name, type: 'text', required })

const BAD: readonly [title: string, over: Record<string, unknown>, path: string, said: RegExp][] = [
  ['a service without a description', { description: '' }, 'description', /is missing/],
  ['tools without a source', { source: undefined }, 'source', /documentation/],
  ['a planned service with tools', { status: 'planned' }, 'status', /there are tools/],
  ['plain http', { api: { baseURL: 'http://api.widgets.test' } }, 'api.baseURL', /not an https/],
  ['no base URL', { api: {} }, 'api.baseURL', /not an https/],
  [
    'a stand-in in the base URL',
    { api: { baseURL: 'https://your-domain.widgets.test' } },
    'api.baseURL',
    /stand-in/,
  ],
  [
    'two tools of one name',
    { tools: [tool(), tool()] },
    'tools.1.name',
    /^two tools are called "get_widget"; the second is left out$/,
  ],
  ['a tool without a description', { tools: [tool({ description: '' })] }, 'tools.0.description', /is missing/], // prettier-ignore
  [
    'a parameter without a description',
    { tools: [tool({ parameters: { id: { ...parameter, description: '' } } })] },
    'tools.0.parameters.id',
    /has no description/,
  ],
  [
    'a path parameter that the endpoint does not name',
    { tools: [tool(), tool({ name: 'list', endpoint: '/widgets', parameters: { id: { ...parameter, in: 'path' } } })] }, // prettier-ignore
    'tools.1.parameters.id',
    /endpoint does not name it/,
  ],
  [
    'a placeholder of the body that is no parameter',
    { tools: [tool({ method: 'POST', body: { widget: { title: '{{titles}}' } }, parameters: { id: parameter, title: { ...parameter, in: 'query' } } })] }, // prettier-ignore
    'tools.0.body',
    /\{\{titles\}\} is not a parameter; did you mean "title"\?/,
  ],
  [
    'a body parameter that the template would lose',
    { tools: [tool({ method: 'POST', body: { fixed: true }, parameters: { id: parameter, title: parameter } })] }, // prettier-ignore
    'tools.0.parameters.title',
    /would be lost/,
  ],
  [
    'a required field that nothing uses',
    { auth: { type: 'apikey', fields: [field('api_key'), field('api_keys')] } },
    'auth.fields',
    /"api_keys" is not used .*; did you mean "api_key"\?/,
  ],
  ['what the loader had to put right', { colour: 'red' }, 'colour', /unknown key "colour"/],
]

describe('lintRegistry', () => {
  const makeRegistry = useRegistries()
  const lint = (config: unknown, name = 'widgets') =>
    lintRegistry(makeRegistry({ [name]: config })).findings

  it('finds nothing in a good config', () => {
    assert.deepEqual(lint(good()), [])
  })

  for (const [title, over, path, said] of BAD)
    it(`finds ${title}`, () => {
      const findings = lint(good(over))
      assert.deepEqual(findings.map((finding) => finding.path), [path]) // prettier-ignore
      const [finding] = findings
      assert.ok(finding)
      assert.match(finding.message, said)
      assert.equal(finding.service, 'widgets')
      assert.match(finding.file, /\/widgets\/config\.json$/)
    })

  it('does not ask of a planned service what it cannot have yet', () => {
    assert.deepEqual(lint(olderConfig({ api: {}, auth: { type: 'none', fields: [field('region')] } })), []) // prettier-ignore
  })

  it('leaves the base URL of echo alone, and of no other', () => {
    const config = good({ api: { baseURL: '' } })
    assert.deepEqual(lint(config, 'echo'), [])
    assert.equal(lint(config, 'echoes').length, 1)
  })

  it('accepts a base URL that a field holds', () => {
    const auth = { type: 'apikey', fields: [field('api_key'), field('site')] }
    assert.deepEqual(lint(good({ api: { baseURL: '{site}/api' }, auth })), [])
  })

  it('accepts an optional field that nothing uses', () => {
    const auth = { type: 'apikey', fields: [field('api_key'), field('note', false)] }
    assert.deepEqual(lint(good({ auth })), [])
  })

  it('finds every service’s faults at once, also of those left out', () => {
    const { services, findings } = lintRegistry(
      makeRegistry({
        anvils: good({ port: 41_001, description: '' }),
        broken: '{',
        clamps: good({ port: 41_002, source: undefined }),
      }),
    )
    assert.deepEqual(services.map(({ name }) => name), ['anvils', 'clamps']) // prettier-ignore
    assert.deepEqual(findings.map(({ service, severity }) => `${severity} ${service}`).sort(), ['error broken', 'warning anvils', 'warning clamps']) // prettier-ignore
  })
})
