import assert from 'node:assert/strict'
import { join } from 'node:path'
import { readPlanFile, writePlanFile, type PlanFile } from '../../src/migration/plan-file.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const PLAN: PlanFile = {
  version: 1,
  madeAt: '2026-01-01T00:00:00.000Z',
  source: 'old at localhost',
  variant: 'a',
  decoder: { format: 'none', key: '' },
  onConflict: 'newest',
  figures: {},
  unknownTypes: [{ type: 'Figma', rows: 3, nearest: ['figma'] }],
  types: {},
  conflicts: [],
}
const OF = { source: PLAN.source, variant: 'a', services: ['figma', 'slack'] }

describe('a reviewed plan', () => {
  const folder = useTempFolder()
  const read = (change: Partial<PlanFile>, of = OF) => {
    const file = join(folder(), 'plan.json')
    writePlanFile(file, { ...PLAN, ...change })
    return readPlanFile(file, of)
  }

  it('is read as it was written, with what somebody has filled in', () => {
    assert.deepEqual(read({ types: { Figma: 'figma' } }).types, { Figma: 'figma' })
  })

  it('is refused when it maps a type to no service, with what was probably meant', () => {
    assert.throws(() => read({ types: { Figma: 'fgima' } }), { code: 'service_unknown', message: /"fgima" \(did you mean figma\?\)/ }) // prettier-ignore
  })

  it('is refused for another database than the one that it was made of', () => {
    assert.throws(() => read({}, { ...OF, source: 'another' }), { code: 'legacy_invalid', message: /is a plan for old at localhost/ }) // prettier-ignore
  })
})
