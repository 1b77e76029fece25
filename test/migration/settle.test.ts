import assert from 'node:assert/strict'
import type { LegacyRow } from '../../src/model/legacy-row.ts'
import { settleUser, type Known, type Rules } from '../../src/migration/settle.ts'
import type { Service } from '../../src/model/service.ts'

const NAMES = ['alpha', 'beta', 'gamma']
const services = new Map(
  NAMES.map((name) => [name, { name, auth: { type: 'api_key', fields: [{ name: 'api_key', type: 'password', required: true, description: '' }], inject: {} } } as unknown as Service]), // prettier-ignore
)
const RULES: Rules = {
  services,
  types: { 'Alpha Inc': 'alpha' },
  onConflict: 'newest',
  decisions: new Set(),
  plaintextOf: ({ credentials }) => (credentials === 'broken' ? undefined : (credentials ?? '')),
  hashOf: (row) => `${row.credentials} ${row.isActive}`,
}

/** Numerical Recipes' generator: the same rows in every run. */
const randomFrom = (seed: number) => {
  let state = seed
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  return { below, of: <T>(items: readonly T[]): T => items[below(items.length)] as T }
}

const rowOf = (index: number, random: ReturnType<typeof randomFrom>): LegacyRow => ({
  id: `row-${index}`,
  userId: 'user',
  hasUser: true,
  type: random.of([...NAMES, 'Alpha Inc', 'unknown']),
  isActive: random.below(5) > 0,
  isExpired: random.below(6) === 0,
  expiresAt: null,
  status: 'active',
  updatedAt: random.below(4),
  tokenHash: null,
  suffix: 'abcdef',
  credentials: random.of(['key', '{"api_key":"k"}', '{}', 'broken', null]),
})

const knownOf = (row: LegacyRow, random: ReturnType<typeof randomFrom>): Known => ({
  hash: random.below(2) === 0 ? RULES.hashOf(row) : 'another',
  userId: row.userId,
  type: row.type,
  reason: undefined,
  moved: { handle: `h-${row.id}`, service: RULES.types[row.type] ?? row.type, state: random.of(['intact', 'changed', 'gone']), made: true }, // prettier-ignore
})

describe('what becomes of the rows of one user', () => {
  it('is one thing for each of them, and never two instances of a service', () => {
    for (let seed = 1; seed <= 3_000; seed++) {
      const random = randomFrom(seed)
      const rows = Array.from({ length: 1 + random.below(8) }, (_, index) => rowOf(index, random))
      const known = new Map<string, Known>()
      for (const row of rows) {
        const { service } = knownOf(row, random).moved ?? {}
        const isTaken = [...known.values()].some(({ moved }) => moved?.service === service)
        if (service !== 'unknown' && !isTaken && random.below(3) === 0) known.set(row.id, knownOf(row, random)) // prettier-ignore
      }
      const onConflict = random.of(['newest', 'oldest', 'report'] as const)
      const settled = settleUser(rows, known, { ...RULES, onConflict })
      assert.deepEqual(settled.map(({ row }) => row.id).sort(), rows.map(({ id }) => id).sort())
      for (const name of NAMES) {
        const holding = settled.filter((one) => one.kind !== 'left' && one.kind !== 'drop' && serviceOf(one) === name) // prettier-ignore
        assert.ok(holding.length <= 1, `seed ${seed}: ${holding.map(({ kind }) => kind).join()}`)
      }
    }
  })

  it('is decided by age, then id; by nobody where it shall be reported, unless the plan says', () => {
    const at = (id: string, updatedAt: number): LegacyRow => ({ ...rowOf(0, randomFrom(1)), id, updatedAt, type: 'alpha', isActive: true, isExpired: false, credentials: 'key' }) // prettier-ignore
    const rows = [at('a', 1), at('b', 2), at('c', 2)]
    const winner = (rules: Partial<Rules>) =>
      settleUser(rows, new Map(), { ...RULES, ...rules }).filter(({ kind }) => kind === 'insert').map(({ row }) => row.id) // prettier-ignore
    assert.deepEqual(winner({}), ['c'])
    assert.deepEqual(winner({ onConflict: 'oldest' }), ['a'])
    assert.deepEqual(winner({ onConflict: 'report' }), [])
    assert.deepEqual(winner({ onConflict: 'report', decisions: new Set(['b']) }), ['b'])
  })
})

const serviceOf = (one: ReturnType<typeof settleUser>[number]): string =>
  'service' in one ? one.service : (one.known?.moved?.service ?? '')
