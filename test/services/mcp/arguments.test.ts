import assert from 'node:assert/strict'
import { checkArguments } from '../../../src/services/mcp/arguments.ts'
import { makeTool } from '../../support/tools.ts'

const tool = makeTool({
  parameters: {
    id: { required: true },
    $top: { type: 'integer' },
    'records[]': { type: 'array' },
    'filter[status]': { enum: ['open', 'done'] },
    limit: { type: 'number', required: true, default: 10 },
    flag: { type: 'boolean' },
    meta: { type: 'object' },
    file: { type: 'file' },
    tags: { type: 'array', items: { type: 'string' } },
    due: { schema: { type: ['string', 'null'] } },
  },
})

const accepted = (given: Record<string, unknown>) => {
  const checked = checkArguments(tool, given)
  assert.ok(checked.ok, JSON.stringify(checked))
  return { ...checked.args }
}

const problems = (given: object): string[] => {
  const checked = checkArguments(tool, given as Record<string, unknown>)
  return checked.ok ? [] : checked.problems
}

describe('arguments', () => {
  it('pass under the API’s names, with defaults filled in', () => {
    assert.deepEqual(accepted({ id: 'x' }), { id: 'x', limit: 10 })
    assert.deepEqual(
      accepted({ id: 'x', limit: 2.5, flag: false, meta: {}, file: 'AAAA', 'records[]': [] }),
      { id: 'x', limit: 2.5, flag: false, meta: {}, file: 'AAAA', 'records[]': [] },
    )
  })

  it('are taken in both spellings', () => {
    const named = { id: 'x', limit: 10, $top: 5, 'records[]': ['a'], 'filter[status]': 'open' }
    assert.deepEqual(accepted(named), named)
    assert.deepEqual(
      accepted({ id: 'x', top: 5, records: ['a'], filter_status: 'open', limit: 10 }),
      named,
    )
  })

  it('that are null count as absent', () => {
    assert.deepEqual(accepted({ id: 'x', limit: null, flag: null }), { id: 'x', limit: 10 })
    assert.deepEqual(problems({ id: null }), ['"id" is required'])
  })

  it('of a number are good enough for text, and become text', () => {
    assert.deepEqual(accepted({ id: 7 }), { id: '7', limit: 10 })
    assert.deepEqual(accepted({ id: true, tags: ['a', 5] }), {
      id: 'true',
      limit: 10,
      tags: ['a', '5'],
    })
  })

  it('that are null reach the API where the schema of the parameter has null', () => {
    assert.deepEqual(accepted({ id: 'x', due: null }), { id: 'x', limit: 10, due: null })
  })

  it('that a number of JSON cannot hold are refused, and taken as text', () => {
    const [problem = ''] = problems(JSON.parse('{"id":12345678901234567891}') as object)
    assert.match(problem, /"id" has more digits .*; send it as text/)
    const long = '12345678901234567891'
    assert.deepEqual(accepted({ id: long, top: long }), { id: long, limit: 10, $top: long })
    assert.equal(accepted({ id: 'x', limit: 1e30 })['limit'], 1e30)
  })

  it('called like what every object has are absent when nobody gives them', () => {
    const odd = makeTool({ parameters: { constructor: {}, toString: {} } })
    const checked = checkArguments(odd, { toString: 'x' })
    assert.ok(checked.ok)
    assert.deepEqual(Object.entries(checked.args), [['toString', 'x']])
  })

  it('that no parameter takes are named, with what there is', () => {
    const [problem = ''] = problems({ id: 'x', ID: 'y' })
    assert.match(problem, /^"ID" is not a parameter; it takes id, top, records, filter_status, /)
    assert.deepEqual(checkArguments(makeTool(), { x: 1 }), {
      ok: false,
      problems: ['"x" is not a parameter; it takes no parameters'],
    })
  })

  it('named like what every object has are unknown like any other', () => {
    for (const name of ['constructor', 'toString', '__proto__'])
      assert.match(problems(JSON.parse(`{"id":"x","${name}":"y"}`))[0] ?? '', /is not a parameter/)
  })

  it('of a wrong type are named with the right one, in the agent’s spelling', () => {
    assert.deepEqual(problems({ id: {}, top: 1.5, records: 'a', limit: '3', flag: 'true', meta: [], file: 1, tags: [{}] }), [
      '"id" must be of type string',
      '"top" must be of type integer',
      '"records" must be of type array',
      '"limit" must be of type number',
      '"flag" must be of type boolean',
      '"meta" must be of type object',
      '"file" must be base64 or a data: URL of it',
      '"tags" must be an array of items of type string',
    ]) // prettier-ignore
  })

  it('outside an enum are told the choices', () => {
    assert.deepEqual(problems({ id: 'x', filter_status: 'Open' }), [
      '"filter_status" must be one of "open", "done"',
    ])
  })

  it('have all their problems told at once', () => {
    assert.equal(problems({ nonsense: 1, top: 'x' }).length, 3)
  })

  it('do not stumble over a default of null', () => {
    const quiet = makeTool({ parameters: { q: { default: null } } })
    const checked = checkArguments(quiet, {})
    assert.ok(checked.ok)
    assert.deepEqual({ ...checked.args }, {})
  })
})
