import assert from 'node:assert/strict'
import { nearest, suggestion } from '../../src/model/nearest.ts'

describe('nearest', () => {
  const known = ['description', 'displayName', 'category', 'port', 'tools']

  for (const [word, meant] of [
    ['descripton', 'description'],
    ['DisplayNmae', 'displayName'],
    ['catgory', 'category'],
    ['prt', 'port'],
    ['tool', 'tools'],
    ['port', 'port'],
  ] as const)
    it(`takes "${word}" for "${meant}"`, () => {
      assert.equal(nearest(word, known), meant)
    })

  for (const word of ['xyzzy', 'id', 'completely-different', ''])
    it(`takes "${word}" for nothing`, () => {
      assert.equal(nearest(word, known), undefined)
    })

  it('takes the nearest of several', () => {
    assert.equal(nearest('figmas', ['figs', 'figma', 'sigma']), 'figma')
  })

  it('has nothing to say without candidates', () => {
    assert.equal(nearest('port', []), undefined)
  })
})

describe('suggestion', () => {
  it('asks, or is silent', () => {
    assert.equal(suggestion('prt', ['port']), '; did you mean "port"?')
    assert.equal(suggestion('xyzzy', ['port']), '')
  })
})
