import assert from 'node:assert/strict'
import { modernise } from '../../src/registry/modernise.ts'
import { parseConfig } from '../../src/registry/parse.ts'

const tool = (name: string, over: Record<string, unknown> = {}) => ({
  name,
  method: 'GET',
  endpoint: `/${name}`,
  ...over,
})
const parse = (over: Record<string, unknown>) =>
  parseConfig({ name: 'widgets', port: 41_000, ...over })
const paths = ({ problems }: ReturnType<typeof parse>) => [
  ...new Set(problems.map(({ path }) => path)),
]
const toolNames = ({ config }: ReturnType<typeof parse>) => config?.tools.map(({ name }) => name)

describe('parseConfig', () => {
  it('names an unknown key, where it is, and the one that was meant', () => {
    const { config, problems } = parse({
      descripton: 'Sells widgets.',
      category: 'shop',
      tools: [tool('list', { paramters: {} })],
      auth: { fields: [{ name: 'api_key', requird: true }] },
      xyzzy: 1,
    })
    assert.ok(config)
    assert.equal(config.category, 'shop')
    const said = new Map(problems.map(({ path, message }) => [path, message]))
    assert.equal(said.get('descripton'), 'unknown key "descripton"; did you mean "description"?')
    assert.equal(said.get('xyzzy'), 'unknown key "xyzzy"')
    assert.match(said.get('tools.0.paramters') ?? '', /did you mean "parameters"\?$/)
    assert.match(said.get('auth.fields.0.requird') ?? '', /did you mean "required"\?$/)
    assert.equal(said.size, 4)
  })

  it('puts the default in the place of a wrong value and keeps the rest', () => {
    const parsed = parse({
      iconUrl: 'no address',
      category: 7,
      description: 'Sells widgets.',
      auth: { type: 'magic', fields: [{ name: 'api_key', type: 'pasword', required: true }] },
      process: { instances: 0, maxMemory: '150M' },
      tools: [tool('list', { parameters: { limit: { type: 'numbr', required: true } } })],
    })
    assert.deepEqual(paths(parsed).sort(), [
      'auth.fields.0.type',
      'auth.type',
      'category',
      'iconUrl',
      'process.instances',
      'tools.0.parameters.limit.type',
    ])
    const { config } = parsed
    assert.ok(config)
    assert.equal(config.iconUrl, undefined)
    assert.equal(config.category, 'general')
    assert.equal(config.description, 'Sells widgets.')
    assert.equal(config.auth.type, undefined)
    assert.deepEqual(config.auth.fields.map(({ name, type, required }) => [name, type, required]), [['api_key', 'password', true]]) // prettier-ignore
    assert.deepEqual(config.process, { maxMemory: '150M' })
    const limit = config.tools[0]?.parameters['limit']
    assert.deepEqual([limit?.type, limit?.required], ['string', true])
  })

  it('takes out every tool that cannot be called, and no other', () => {
    const parsed = parse({
      tools: [
        { name: 'no_endpoint', method: 'GET' },
        tool('first'),
        tool(''),
        tool('second'),
        tool('no_method', { method: 'FETCH' }),
        { name: 'nothing at all' },
        tool('third'),
        'text',
        tool('fourth'),
      ],
    })
    assert.deepEqual(toolNames(parsed), ['first', 'second', 'third', 'fourth'])
    for (const path of ['tools.0.endpoint', 'tools.2.name', 'tools.4.method', 'tools.7'])
      assert.ok(paths(parsed).includes(path), `${path} is named`)
  })

  it('names the places as they are in the file, also after something was taken out', () => {
    const parsed = parse({
      tools: [
        { name: 'no_endpoint', method: 'GET' },
        tool('list', { method: 'FETCH' }),
        tool('get'),
      ],
    })
    assert.deepEqual(toolNames(parsed), ['get'])
    assert.deepEqual(paths(parsed).sort(), ['tools.0.endpoint', 'tools.1.method'])
  })

  it('says a thing once', () => {
    const { problems } = parse({ tools: [{ name: 'a', method: 'GET' }], auth: { type: 'magic' } })
    const said = problems.map(({ path, message }) => `${path} ${message}`)
    assert.deepEqual(said, [...new Set(said)])
  })

  it('replaces a part of the wrong kind by its default', () => {
    const { config } = parse({ auth: 'apikey', api: null, tools: { list: 1 }, limits: [] })
    assert.ok(config)
    assert.deepEqual(config.tools, [])
    assert.equal(config.auth.type, undefined)
    assert.equal(config.api.baseURL, '')
    assert.equal(config.limits, undefined)
  })

  it('does not change what it was given', () => {
    const raw = { name: 'widgets', port: 41_000, colour: 'red', tools: [{ name: 'a' }] }
    const before = structuredClone(raw)
    parseConfig(raw)
    assert.deepEqual(raw, before)
  })

  for (const word of ['constructor', 'toString', '__proto__'])
    it(`takes "${word}" as any other word`, () => {
      const raw: unknown = JSON.parse(
        `{"name":"widgets","port":41000,"${word}":{"a":1},"auth":{"type":"${word}"},
          "tools":[{"name":"t","method":"GET","endpoint":"/t","parameters":{"q":{"type":"${word}"}}}]}`,
      )
      const parsed = parseConfig(modernise(raw))
      assert.deepEqual(toolNames(parsed), ['t'])
      assert.deepEqual(paths(parsed).sort(), [word, 'auth.type', 'tools.0.parameters.q.type'].sort()) // prettier-ignore
    })
})
