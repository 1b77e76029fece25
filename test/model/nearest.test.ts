import assert from 'node:assert/strict'
import { nearest } from '../../src/model/nearest.ts'

describe('what was probably meant', () => {
  const SERVICES = ['figma', 'github', 'gitlab', 'slack']
  it('is the nearest name: a letter too many, missing, wrong, or two in the wrong order', () => {
    for (const word of ['figmaa', 'fgma', 'figna', 'fimga', 'ifgma', 'Figma'])
      assert.equal(nearest(word, SERVICES), 'figma', word)
    assert.equal(nearest('gihtub', SERVICES), 'github')
  })

  it('is nothing when none is near', () => {
    for (const word of ['zoom', 'f', '', 'x'.repeat(200)]) assert.equal(nearest(word, SERVICES), undefined, word) // prettier-ignore
  })
})
