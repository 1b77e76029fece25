import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  HANDLE,
  hashSecret,
  instanceUrl,
  makeHandle,
  makeInstanceSecret,
  parseInstancePath,
} from '../../src/model/instance.ts'

const HANDLE_OF_FIGMA = 'fig_user_1a2b3c4d_9f2c1e'
const SECRET = 'k3TzP0qYwVb6Lr1NdHs8Ae'

describe('an instance', () => {
  it('has a handle from service and user, with a random end', () => {
    const user = '1A2B3C4D-0000-4000-8000-000000000000'
    const handles = Array.from({ length: 50 }, () => makeHandle('figma', user))
    for (const handle of handles) {
      assert.match(handle, /^fig_user_1a2b3c4d_[0-9a-f]{6}$/)
      assert.match(handle, HANDLE)
    }
    assert.ok(new Set(handles).size > 45)
  })

  it('has a handle of the same form for the shortest and the oddest names', () => {
    for (const name of ['x', 'a1-forms', '2', 'to-do'])
      assert.match(makeHandle(name, '1a2b3c4d-0000-4000-8000-000000000000'), HANDLE)
  })

  it('has a secret of at least 128 random bits in letters and digits', () => {
    const secrets = Array.from({ length: 400 }, makeInstanceSecret)
    for (const secret of secrets) assert.match(secret, /^[0-9A-Za-z]{22}$/)
    assert.equal(new Set(secrets).size, 400)
    assert.equal(new Set(secrets.join('')).size, 62, 'every letter and digit turns up')
  })

  it('is stored under the SHA-256 of its secret', () => {
    const expected = createHash('sha256').update(SECRET).digest('hex')
    assert.equal(hashSecret(SECRET).toString('hex'), expected)
  })

  it('has a URL that leads back to it', () => {
    const made = { handle: HANDLE_OF_FIGMA, secret: SECRET, service: 'figma' }
    const url = instanceUrl('https://berth.test', made)
    assert.equal(url, `https://berth.test/${HANDLE_OF_FIGMA}_${SECRET}/figma/mcp`)
    assert.deepEqual(parseInstancePath(new URL(url).pathname), { ...made, rest: '/mcp' })
  })
})

describe('parseInstancePath', () => {
  const rest = (tail: string) => parseInstancePath(`/${HANDLE_OF_FIGMA}_${SECRET}/figma${tail}`)?.rest // prettier-ignore

  it('leaves path and query behind the service untouched', () => {
    assert.equal(rest('/mcp'), '/mcp')
    assert.equal(rest('/tools/get%2Fit?q=a%20b&q=/x/?y'), '/tools/get%2Fit?q=a%20b&q=/x/?y')
    assert.equal(rest('//a/../b'), '//a/../b')
  })

  it('takes a bare service for its root', () => {
    assert.equal(rest(''), '/')
    assert.equal(rest('/'), '/')
    assert.equal(rest('?x=1'), '/?x=1')
  })

  it('tells a handle without a secret', () => {
    const route = parseInstancePath(`/${HANDLE_OF_FIGMA}/figma/mcp`)
    assert.deepEqual(route, { handle: HANDLE_OF_FIGMA, secret: undefined, service: 'figma', rest: '/mcp' }) // prettier-ignore
  })

  for (const path of [
    '/',
    '/health',
    '/api/v1/services',
    `/${HANDLE_OF_FIGMA}`,
    `/${HANDLE_OF_FIGMA}_${SECRET}`,
    `/${HANDLE_OF_FIGMA}_${SECRET}/`,
    `/${HANDLE_OF_FIGMA}_/figma/mcp`,
    `/${HANDLE_OF_FIGMA}_${SECRET}_more/figma/mcp`,
    `/${HANDLE_OF_FIGMA}_${'s'.repeat(65)}/figma/mcp`,
    `/FIG_user_1a2b3c4d_9f2c1e_${SECRET}/figma/mcp`,
    `/figm_user_1a2b3c4d_9f2c1e_${SECRET}/figma/mcp`,
    `/fig_user_1a2b3c4g_9f2c1e_${SECRET}/figma/mcp`,
    `/fig_user_1a2b3c4d_9f2c1_${SECRET}/figma/mcp`,
    `/x/${HANDLE_OF_FIGMA}_${SECRET}/figma/mcp`,
    `//${HANDLE_OF_FIGMA}_${SECRET}/figma/mcp`,
    `https://berth.test/${HANDLE_OF_FIGMA}_${SECRET}/figma/mcp`,
  ])
    it(`takes ${path} for no instance`, () => {
      assert.equal(parseInstancePath(path), undefined)
    })
})
