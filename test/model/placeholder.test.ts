import assert from 'node:assert/strict'
import {
  fillTemplate,
  pathPlaceholders,
  templatePlaceholders,
} from '../../src/model/placeholder.ts'

describe('placeholders', () => {
  it('of a path stand in single braces', () => {
    assert.deepEqual(pathPlaceholders('/v1/{team-id}/files/{file_key}.{ext}'), ['team-id', 'file_key', 'ext']) // prettier-ignore
    assert.deepEqual(pathPlaceholders('/v1/{a}{b}/{a}'), ['a', 'b', 'a'])
    assert.deepEqual(pathPlaceholders('/{{double}}/{{half}/{half}}/{1}/{}/{with blank}/plain'), [])
  })

  it('of a template stand in double braces, blanks or not', () => {
    assert.deepEqual(templatePlaceholders('{"a":"{{x}}","b":"{{ y-z }} {{1}}"}'), ['x', 'y-z', '1'])
    assert.deepEqual(templatePlaceholders('{single} {{}} {{a b}}'), [])
  })

  it('are filled all at once; an unknown one becomes empty', () => {
    const values: Record<string, string> = { user: '{{pass}}', pass: '$& $1 geheim' }
    const filled = fillTemplate('{{user}}:{{ pass }}:{{none}}.', (name) => values[name])
    assert.equal(filled, '{{pass}}:$& $1 geheim:.')
  })
})
