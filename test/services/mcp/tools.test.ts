import assert from 'node:assert/strict'
import { join } from 'node:path'
import { loadRegistry } from '../../../src/registry/load.ts'
import { checkArguments } from '../../../src/services/mcp/arguments.ts'
import { agentNames, listTools } from '../../../src/services/mcp/tools.ts'
import { makeService } from '../../support/services.ts'
import { makeTool } from '../../support/tools.ts'

const list = (...tools: Parameters<typeof makeTool>[0][]) =>
  listTools(makeService({ tools: tools.map(makeTool) }))

describe('the list of tools', () => {
  it('shows a tool as JSON Schema, in the agent’s spelling', () => {
    const parameters = {
      $top: { type: 'integer', required: true, description: 'How many' },
      'ids[]': { type: 'array', items: { type: 'string' } },
      rows: { type: 'array' },
      sort: { required: true, default: 'asc', enum: ['asc', 'desc'] },
      file: { type: 'file' },
    } as const
    assert.deepEqual(list({ name: 'find', description: 'Finds.', parameters }), [
      {
        name: 'find',
        title: 'Find',
        description: 'Finds.',
        inputSchema: {
          type: 'object',
          properties: {
            top: { type: 'integer', description: 'How many' },
            ids: { type: 'array', items: { type: 'string' } },
            rows: { type: 'array', items: {} },
            sort: { type: 'string', enum: ['asc', 'desc'], default: 'asc' },
            file: { type: 'string', contentEncoding: 'base64' },
          },
          required: ['top'],
          additionalProperties: false,
        },
        annotations: {
          readOnlyHint: true,
          destructiveHint: false,
          idempotentHint: true,
          openWorldHint: true,
        },
      },
    ])
  })

  it('keeps the config’s order and says what writes and what deletes', () => {
    const hints = list({ name: 'b', method: 'POST' }, { name: 'a', method: 'DELETE' }).map(
      ({ name, annotations }) => [name, annotations.readOnlyHint, annotations.destructiveHint],
    )
    assert.deepEqual(hints, [
      ['b', false, false],
      ['a', false, true],
    ])
  })

  it('does not call a GET harmless whose name says that it changes things, unless the config does', () => {
    const hints = list(
      { name: 'send_message' },
      { name: 'deleteItem' },
      { name: 'sendgrid_stats' },
      { name: 'start_page', readOnly: true },
      { name: 'search', method: 'POST', readOnly: true },
    ).map(({ annotations }) => [annotations.readOnlyHint, annotations.destructiveHint])
    assert.deepEqual(hints, [[false, false], [false, true], [true, false], [true, false], [true, false]]) // prettier-ignore
  })

  it('has titles for people, and the schema of an answer where the config states it', () => {
    const outputSchema = { type: 'object', properties: { id: { type: 'string' } } }
    const [one, two] = list({ name: 'get_fileDetails' }, { title: 'A title', outputSchema })
    assert.equal(one?.title, 'Get file Details')
    assert.equal(two?.title, 'A title')
    assert.deepEqual([one.outputSchema, two.outputSchema], [undefined, outputSchema])
  })

  it('is empty for a service that is planned', () => {
    assert.deepEqual(list(), [])
  })
})

describe('the name of a parameter for an agent', () => {
  for (const [name, expected] of [
    ['$top', 'top'],
    ['records[]', 'records'],
    ['filter[status]', 'filter_status'],
    ['page[size][max]', 'page_size_max'],
    ['data.id', 'data.id'],
    ['X-Version', 'X-Version'],
    ['_private', '_private'],
  ] as const)
    it(`is ${expected} for ${name}`, () => {
      const names = agentNames(makeTool({ parameters: { [name]: {} } }))
      assert.deepEqual([...names], [[name, expected]])
    })

  it('is never that of another, however many need one', () => {
    const parameters = { $top: {}, top: {}, 名前: {}, 値: {}, [`${'x'.repeat(70)}1`]: {} }
    const names = [...agentNames(makeTool({ parameters })).values()]
    assert.deepEqual(names.slice(0, 4), ['top_2', 'top', 'parameter', 'parameter_2'])
    assert.equal(names[4], 'x'.repeat(64))
  })
})

describe('every tool of the shipped registry', () => {
  const { services } = loadRegistry(join(import.meta.dirname, '../../../registry'))
  const tools = services.flatMap((service) =>
    service.tools.map((tool) => ({ tool, id: `${service.name}.${tool.name}` })),
  )

  it('is there to be checked', () => assert.ok(tools.length > 500))

  it('offers names that model APIs take, and no two alike', () => {
    for (const { tool, id } of tools) {
      const names = [...agentNames(tool).values()]
      assert.equal(new Set(names).size, names.length, `${id}: two parameters share a name`)
      for (const name of names) assert.match(name, /^[a-zA-Z0-9_.-]{1,64}$/, id)
    }
  })

  it('has defaults that its own check accepts', () => {
    for (const { tool, id } of tools)
      for (const [name, parameter] of Object.entries(tool.parameters))
        if (parameter.default !== undefined) {
          const checked = checkArguments({ ...tool, parameters: { [name]: parameter } }, {})
          assert.ok(checked.ok, `${id}: the default of ${name}`)
        }
  })
})
