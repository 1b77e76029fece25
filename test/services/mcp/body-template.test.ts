import assert from 'node:assert/strict'
import { fillBody } from '../../../src/services/mcp/body-template.ts'

describe('a body template', () => {
  it('takes an argument with its type where it stands alone', () => {
    const template = { n: '{{n}}', yes: '{{ yes }}', list: '{{list}}', none: null, fixed: 3 }
    assert.deepEqual(fillBody(template, { n: 0, yes: false, list: [] }), {
      n: 0,
      yes: false,
      list: [],
      none: null,
      fixed: 3,
    })
  })

  it('takes it as text inside a longer string', () => {
    const template = ['{{a}} and {{b}}', '{"query": {{c}}}']
    assert.deepEqual(fillBody(template, { a: 'x', b: 2, c: { d: 1 } }), [
      'x and 2',
      '{"query": {"d":1}}',
    ])
  })

  it('does not fill what an argument brings along', () => {
    assert.equal(fillBody('[{{a}}]', { a: '{{b}} $& $1', b: 'secret' }), '[{{b}} $& $1]')
    assert.equal(fillBody('{{a}}', { a: '{{b}}', b: 'secret' }), '{{b}}')
  })

  it('takes names that only APIs love', () => {
    assert.deepEqual(fillBody({ a: '{{$top}}', b: '{{filter[x]}}' }, { $top: 1, 'filter[x]': 2 }), {
      a: 1,
      b: 2,
    })
  })

  it('drops what has no argument, and every wrapper that only held such things', () => {
    const template = {
      keep: 'this',
      gone: '{{a}}',
      text: 'to {{a}} and {{b}}',
      wrapper: { deeper: { a: '{{a}}' }, list: [{ a: '{{a}}' }] },
      half: { a: '{{a}}', b: '{{b}}' },
      list: [{ a: '{{a}}' }, { b: '{{b}}' }],
    }
    assert.deepEqual(fillBody(template, { b: 1 }), {
      keep: 'this',
      half: { b: 1 },
      list: [{ b: 1 }],
    })
  })

  it('keeps wrappers that are empty by themselves', () => {
    assert.deepEqual(fillBody({ clear: {}, list: [], a: '{{a}}' }, {}), { clear: {}, list: [] })
  })

  it('is nothing at all when nothing is left of it', () => {
    assert.equal(fillBody({ a: { b: ['{{c}}'] } }, {}), undefined)
    assert.equal(fillBody('{{x}}', {}), undefined)
  })
})
