import assert from 'node:assert/strict'
import { loadRegistry } from '../../src/registry/load.ts'
import { olderConfig, useRegistries } from '../support/registries.ts'

const field = (name: string, type = 'password') => ({ name, type, required: true, description: '' })

describe('an older config', () => {
  const makeRegistry = useRegistries()

  const load = (over: Record<string, unknown>) => {
    const { services, findings } = loadRegistry(makeRegistry({ widgets: olderConfig(over) }))
    const [service] = services
    assert.ok(service, JSON.stringify(findings))
    return { service, findings }
  }

  for (const [written, type] of [
    ['apikey', 'api_key'],
    ['ApiKey', 'api_key'],
    ['api-key', 'api_key'],
    ['bearer', 'bearer'],
    ['bearer_token', 'bearer'],
    ['token', 'bearer'],
    ['basic_auth', 'basic'],
    ['oauth', 'oauth2'],
    ['OAuth2.0', 'oauth2'],
    ['oauth1', 'oauth1'],
    ['OAuth1.0a', 'oauth1'],
    ['no_auth', 'none'],
    ['API Key', 'api_key'],
    ['OAuth 1.0a', 'oauth1'],
  ] as const)
    it(`reads the auth type "${written}" as ${type}`, () => {
      const { service, findings } = load({ auth: { type: written } })
      assert.equal(service.auth.type, type)
      assert.deepEqual(
        findings.filter(({ path }) => path === 'auth.type'),
        [],
      )
    })

  it('loads without a finding when everything is declared', () => {
    const { service, findings } = load({})
    assert.deepEqual(findings, [])
    assert.deepEqual(service.auth.inject, { headers: { Authorization: 'Bearer {{api_key}}' } })
    assert.equal(service.displayName, 'widgets')
    assert.equal(service.status, 'planned')
  })

  it('loses the keys that begin with #, at every depth, and nothing else', () => {
    const { service, findings } = load({
      '#': 'a remark',
      '#port': 1,
      auth: { type: 'apikey', '#todo': 'ask', fields: [{ ...field('api_key'), '#where': 'mail' }] },
      tools: [
        {
          '#': 'checked',
          name: 'list_tags',
          method: 'GET',
          endpoint: '/tags',
          parameters: { '#q': 'a remark', tag: { type: 'string', default: '#1', '#x': 0 } },
        },
      ],
    })
    assert.deepEqual(findings, [])
    assert.doesNotMatch(JSON.stringify(service), /"#[^"]*":/)
    assert.deepEqual(Object.keys(service.tools[0]?.parameters ?? {}), ['tag'])
    assert.equal(service.tools[0]?.parameters['tag']?.default, '#1')
  })

  it('gets an undeclared path parameter as a required string', () => {
    const { service, findings } = load({
      tools: [
        {
          name: 'get_file',
          method: 'GET',
          endpoint: '/teams/{team}/files/{id}',
          parameters: { id: { type: 'int', required: true, description: 'The file' } },
        },
      ],
    })
    assert.deepEqual(service.tools[0]?.parameters, {
      team: { type: 'string', required: true, description: '' },
      id: { type: 'integer', required: true, description: 'The file' },
    })
    assert.deepEqual(findings.map(({ severity, path }) => [severity, path]), [['warning', 'tools.0.parameters']]) // prettier-ignore
    assert.match(findings[0]?.message ?? '', /\{team\}.*get_file/)
  })

  it('gets a path parameter even when it is called like a property of every object', () => {
    const { service } = load({
      tools: [{ name: 'get', method: 'GET', endpoint: '/{constructor}' }],
    })
    assert.deepEqual(Object.keys(service.tools[0]?.parameters ?? {}), ['constructor'])
  })

  it('gets a placeholder of the base URL as a required text field, once', () => {
    const { service, findings } = load({
      api: { baseURL: 'https://{subdomain}.widgets.test' },
      tools: [
        { name: 'a', method: 'GET', endpoint: '/a', baseURL: 'https://{subdomain}.files.test' },
        { name: 'b', method: 'GET', endpoint: '/b', baseURL: 'https://{region}.files.test' },
      ],
    })
    const { fields } = service.auth
    assert.deepEqual(fields.slice(1), [field('subdomain', 'text'), field('region', 'text')])
    assert.deepEqual(findings.map(({ severity, path }) => `${severity} ${path}`), ['warning auth.fields', 'warning auth.fields']) // prettier-ignore
  })

  it('gets a placeholder of inject as a required secret field', () => {
    const { service, findings } = load({
      auth: {
        type: 'apikey',
        fields: [field('api_key')],
        inject: { headers: { 'X-Key': '{{api_key}}', 'X-App': 'app {{ app_token }}' } },
      },
    })
    assert.deepEqual(service.auth.fields, [field('api_key'), field('app_token')])
    assert.match(findings[0]?.message ?? '', /\{app_token\} is used but not declared/)
  })

  it('may spell keys and types as they used to be', () => {
    const { service, findings } = load({
      port: '41009',
      icon: 'https://widgets.test/icon.png',
      api: { base_url: 'https://api.widgets.test', docs: 'https://widgets.test/docs' },
      auth: {
        type: 'oauth2',
        fields: [{ ...field('access_token'), type: 'secret' }, { ...field('region'), type: 'string' }], // prettier-ignore
        oauth: { token_url: 'https://widgets.test/token', scopes: 'read, write' },
      },
      tools: [
        { name: 'add', method: 'post', path: '/w', parameters: { on: { type: 'Bool' }, n: { type: 'float' } } }, // prettier-ignore
      ],
    })
    assert.deepEqual(findings, [])
    assert.equal(service.port, 41_009)
    assert.equal(service.iconUrl, 'https://widgets.test/icon.png')
    assert.deepEqual(service.api, { baseURL: 'https://api.widgets.test', version: '', documentation: 'https://widgets.test/docs' }) // prettier-ignore
    assert.deepEqual(service.auth.fields.map(({ type }) => type), ['password', 'text']) // prettier-ignore
    assert.deepEqual(service.auth.oauth?.scopes, ['read', 'write'])
    const [tool] = service.tools
    assert.deepEqual([tool?.method, tool?.endpoint], ['POST', '/w'])
    assert.deepEqual([tool?.parameters['on']?.type, tool?.parameters['n']?.type], ['boolean', 'number']) // prettier-ignore
  })

  it('keeps the present spelling where both are given', () => {
    const { service } = load({
      api: { baseURL: 'https://new.widgets.test', baseUrl: 'https://old.widgets.test' },
    })
    assert.equal(service.api.baseURL, 'https://new.widgets.test')
  })

  const toolOf = (tool: Record<string, unknown>) => {
    const { service, findings } = load({ tools: [{ name: 'get', method: 'get', ...tool }] })
    return { tool: service.tools[0], findings }
  }

  it('may write an endpoint as others do', () => {
    const id = { id: { type: 'string', required: true } }
    for (const [endpoint, meant, parameters] of [
      ['items/{id}', '/items/{id}', id],
      ['/items/{{ id }}', '/items/{id}', id],
      ['/items/:id/tags', '/items/{id}/tags', id],
      ['/v1/{id}:cancel', '/v1/{id}:cancel', id],
      ['', '', {}],
      ['?call=list', '?call=list', {}],
    ] as const) {
      const { tool, findings } = toolOf({ endpoint, parameters })
      assert.equal(tool?.endpoint, meant)
      assert.deepEqual(findings, [])
    }
    const { tool } = toolOf({ endpoint: 'https://files.widgets.test/up?x=1' })
    assert.deepEqual([tool?.baseURL, tool?.endpoint], ['https://files.widgets.test', '/up?x=1'])
  })

  it('may list its parameters, give their types alone, or say them as JSON Schema', () => {
    const q = { type: 'string', required: true, description: '' }
    const n = { type: 'integer', required: false, description: '' }
    for (const parameters of [
      [
        { name: 'q', type: 'string', required: true },
        { name: 'n', type: 'int' },
      ],
      { type: 'object', properties: { q: { type: 'string' }, n: 'int' }, required: ['q'] },
      { q, n: 'integer' },
    ]) {
      const { tool, findings } = toolOf({ endpoint: '/find', parameters })
      assert.deepEqual(tool?.parameters, { q, n })
      assert.deepEqual(findings, [])
    }
  })

  it('says an unknown auth type, and what it is taken for', () => {
    const { service, findings } = load({ auth: { type: 'magic', fields: [field('pass_phrase')] } })
    assert.deepEqual(service.auth.inject, { headers: { Authorization: 'Bearer {{pass_phrase}}' } })
    const said = findings.filter(({ path }) => path === 'auth.type').map(({ message }) => message)
    assert.match(said.join(' '), /taken for "api_key" by the fields/)
  })

  for (const type of ['AWS SigV4', 'hmac', 'digest', 'mutual_tls'])
    it(`sends no secret where "${type}" asks for a signature`, () => {
      const { service, findings } = load({ auth: { type, fields: [field('secret_key')] } })
      assert.deepEqual([service.auth.type, service.auth.inject], ['unknown', {}])
      assert.match(findings[0]?.message ?? '', /every call is refused; add auth.inject/)
    })

  it('may name its fields alone, or give them and the tools by name', () => {
    const { service, findings } = load({
      auth: { type: 'apikey', fields: ['api_key'] },
      tools: { list: { method: 'get', endpoint: '/list' } },
    })
    assert.deepEqual(findings, [])
    assert.deepEqual(service.auth.fields, [field('api_key')])
    assert.equal(service.tools[0]?.name, 'list')
    const byName = load({ auth: { type: 'key', fields: { api_key: { type: 'secret', required: true } } } }) // prettier-ignore
    assert.deepEqual(byName.service.auth.fields, [field('api_key')])
  })

  it('may give its base URL without a scheme, or above everything', () => {
    for (const over of [
      { api: { baseURL: 'api.widgets.test/v1' } },
      { api: undefined, base_url: 'https://api.widgets.test/v1' },
    ])
      // prettier-ignore
      assert.equal(load(over).service.api.baseURL, 'https://api.widgets.test/v1')
  })

  it('keeps what its parameters say beyond the format, as their schema', () => {
    const { tool, findings } = toolOf({
      endpoint: '/find',
      parameters: {
        n: { type: 'integer', minimum: 1, maximum: 9, example: 3 },
        tags: { type: 'string[]' },
        kinds: { type: 'array', items: { type: 'string', enum: ['x'] }, maxItems: 2 },
        due: { type: ['string', 'null'], format: 'date' },
        who: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
        when: { type: 'datetime', required: 'true', in: 'Query' },
      },
    })
    assert.deepEqual(findings, [])
    const { n, tags, kinds, due, who, when } = tool?.parameters ?? {}
    assert.deepEqual(n?.schema, { minimum: 1, maximum: 9, examples: [3] })
    assert.deepEqual([tags?.type, tags?.items], ['array', { type: 'string' }])
    assert.deepEqual(kinds?.schema, { maxItems: 2, items: { type: 'string', enum: ['x'] } })
    assert.deepEqual([due?.type, due?.schema], ['string', { format: 'date', type: ['string', 'null'] }]) // prettier-ignore
    assert.deepEqual([who?.required, who?.schema], [false, { properties: { id: { type: 'string' } }, required: ['id'] }]) // prettier-ignore
    assert.deepEqual([when?.type, when?.required, when?.in], ['string', true, 'query'])
  })

  it('is a form where its parameters are in form data', () => {
    const { tool } = toolOf({ endpoint: '/a', parameters: { a: { type: 'string', in: 'formData' } } }) // prettier-ignore
    assert.deepEqual([tool?.encoding, tool?.parameters['a']?.in], ['form', 'body'])
  })

  it('may have tools with odd names, each of which can be called', () => {
    const tools = ['files.list', 'Get File', 'get_file', 'Get  File'].map((name) => ({ name, method: 'get', endpoint: '/a' })) // prettier-ignore
    const { service, findings } = load({ tools })
    assert.deepEqual(service.tools.map(({ name }) => name), ['files.list', 'Get_File', 'get_file']) // prettier-ignore
    assert.deepEqual(findings.map(({ path }) => path), ['tools.1.name', 'tools.3.name']) // prettier-ignore
  })

  it('gets a field that its endpoint names from the credentials, and no parameter for a secret one', () => {
    const { service, findings } = load({
      auth: { type: 'basic', fields: [field('account', 'text'), field('api_key')] },
      tools: [{ name: 'get', method: 'get', endpoint: '/{account}/{api_key}/x' }],
    })
    assert.deepEqual(findings, [])
    assert.deepEqual(Object.keys(service.tools[0]?.parameters ?? {}), ['account'])
    assert.equal(service.tools[0]?.parameters['account']?.required, false)
  })

  it('has no optional part of a path', () => {
    const { tool, findings } = toolOf({ endpoint: '/items/{id}', parameters: { id: {} } })
    assert.equal(tool?.parameters['id']?.required, true)
    assert.match(
      findings[0]?.message ?? '',
      /\{id\} in the endpoint of get is not required; made so/,
    )
    const kept = toolOf({ endpoint: '/items/{id}', parameters: { id: { default: 'me' } } })
    assert.equal(kept.tool?.parameters['id']?.required, false)
    const inQuery = toolOf({ endpoint: '/items?q={q}', parameters: { q: {} } })
    assert.equal(inQuery.tool?.parameters['q']?.required, false)
  })
})
