import assert from 'node:assert/strict'
import { checkNode } from '../../src/doctor/node.ts'
import { checkPm2 } from '../../src/doctor/pm2.ts'

const levelsOf = (verdicts: readonly { level: string }[]) => verdicts.map(({ level }) => level)

describe('the version checks', () => {
  for (const [version, level] of [
    ['20.18.3', 'error'],
    ['18.20.0', 'error'],
    ['20.19.0', 'ok'],
    ['20.20.2', 'ok'],
    ['22.1.0', 'ok'],
    ['23.0.0-nightly', 'ok'],
  ] as const)
    it(`judges Node ${version}: ${level}`, () => {
      assert.deepEqual(levelsOf(checkNode(version)), [level])
    })

  it('refuses a PM2 with known holes, whatever runs', async () => {
    const [verdict] = await checkPm2({
      installed: '7.0.3',
      running: () => Promise.resolve('7.0.4'),
    })
    assert.equal(verdict?.level, 'error')
    assert.equal(verdict.fix, 'npm ci')
  })

  it('accepts a PM2 whose daemon is of the installed version, or not there', async () => {
    for (const version of ['7.0.10', undefined])
      assert.deepEqual(
        levelsOf(await checkPm2({ installed: '7.0.10', running: () => Promise.resolve(version) })),
        ['ok'],
      )
  })

  it('warns of a PM2 daemon that an upgrade left behind', async () => {
    const [verdict] = await checkPm2({
      installed: '7.1.0',
      running: () => Promise.resolve('7.0.4'),
    })
    assert.equal(verdict?.level, 'warning')
    assert.match(verdict.what, /7\.0\.4.*7\.1\.0/)
    assert.equal(verdict.fix, 'berth down && berth up')
  })
})
