import assert from 'node:assert/strict'
import { join } from 'node:path'
import { loadRegistry } from '../../src/registry/load.ts'
import { startApi } from '../support/api.ts'
import { useCleanup } from '../support/cleanup.ts'
import { errorOf } from '../support/http.ts'
import { makeService } from '../support/services.ts'

type View = { name: string; category: string }
type Page = { services: View[]; nextCursor: string | null }

describe('the catalogue', () => {
  const { services } = loadRegistry(join(import.meta.dirname, '../../registry'))
  let api: Awaited<ReturnType<typeof startApi>>
  before(async () => {
    api = await startApi({ services: () => services })
  })
  after(() => api.stop())

  const cleanUp = useCleanup()
  const page = async (query: Record<string, string> = {}): Promise<Page> => {
    const answer = await api.call(`GET /api/v1/services?${new URLSearchParams(query).toString()}`)
    assert.equal(answer.status, 200)
    return answer.body as Page
  }
  const namesOf = (list: readonly { name: string }[]) => list.map(({ name }) => name)

  it('gives every service once, by name, page after page', async () => {
    const pages = [await page()]
    for (let last = pages[0]!; last.nextCursor !== null; last = pages.at(-1)!)
      pages.push(await page({ cursor: last.nextCursor }))
    const names = pages.flatMap((one) => namesOf(one.services))
    assert.ok(services.length > 300)
    assert.deepEqual(names, namesOf(services).sort())
    assert.ok(pages.slice(0, -1).every((one) => one.services.length === 100))
  })

  it('has no next page after exactly one full page', async () => {
    const hundred = Array.from({ length: 100 }, (_, n) => makeService({ name: `s${n}` }))
    const small = await startApi({ services: () => hundred })
    cleanUp(small.stop)
    const { body } = await small.call('GET /api/v1/services')
    assert.equal((body as Page).services.length, 100)
    assert.equal((body as Page).nextCursor, null)
  })

  it('goes on behind a cursor that is no name, and ends behind the last', async () => {
    const names = namesOf(services).sort()
    const { services: found } = await page({ cursor: 'm' })
    assert.deepEqual(namesOf(found), names.filter((name) => name > 'm').slice(0, 100))
    assert.deepEqual(await page({ cursor: 'zzzz' }), { services: [], nextCursor: null })
  })

  it('says of a service what a form needs, and nothing of how its key is used', async () => {
    const { services: found } = await page({ q: 'figma' })
    const figma = services.find(({ name }) => name === 'figma')
    assert.ok(figma)
    assert.deepEqual(
      found.find(({ name }) => name === 'figma'),
      {
        name: 'figma',
        displayName: figma.displayName,
        description: figma.description,
        category: figma.category,
        iconUrl: figma.iconUrl ?? null,
        status: figma.status ?? 'available',
        documentation: figma.api.documentation,
        auth: { type: figma.auth.type, fields: figma.auth.fields },
        tools: figma.tools.length,
      },
    )
  })

  it('finds a text in name, title or description, in any case', async () => {
    const texts = ({ name, displayName, description }: (typeof services)[number]) =>
      [name, displayName, description].join('\n').toLowerCase()
    for (const q of ['FiGmA', 'email marketing']) {
      const expected = services.filter((service) => texts(service).includes(q.toLowerCase()))
      assert.ok(expected.length > 0 && expected.length < 100)
      assert.deepEqual(namesOf((await page({ q })).services), namesOf(expected).sort())
    }
    assert.deepEqual((await page({ q: 'no such thing anywhere' })).services, [])
    assert.deepEqual((await page({ q: '.*' })).services, [])
  })

  it('filters by category, alone and together with a text', async () => {
    const category = services.find(({ name }) => name === 'figma')!.category
    const expected = services.filter((service) => service.category === category)
    assert.deepEqual(namesOf((await page({ category })).services), namesOf(expected).sort())
    assert.deepEqual(namesOf((await page({ category, q: 'figma' })).services), ['figma'])
    assert.deepEqual((await page({ category: 'no such category' })).services, [])
  })

  it('refuses a query of another shape, and who sends no token', async () => {
    for (const query of ['q=a&q=b', `q=${'x'.repeat(201)}`, `cursor=${'x'.repeat(101)}`])
      assert.equal(errorOf(await api.call(`GET /api/v1/services?${query}`)).status, 422)
    const headers = { authorization: 'Bearer brt_unknown' }
    assert.equal(errorOf(await api.call('GET /api/v1/services', { headers })).status, 401)
  })
})
