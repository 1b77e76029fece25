import assert from 'node:assert/strict'
import { CUTOVER_STEPS } from '../../src/model/cutover.ts'
import { runBerth } from '../support/berth.ts'
import { useTempFolder } from '../support/temp-folder.ts'

describe('the help of the move from the older model', function () {
  this.timeout(30_000)
  const folder = useTempFolder()
  const run = (env: Record<string, string>, ...args: string[]) =>
    runBerth(args, { BERTH_HOME: folder(), ...env })
  const help = async (...args: string[]) => {
    const { code, stdout } = await run({}, ...args, '--help')
    assert.equal(code, 0)
    return stdout
  }

  it('names the seven steps of a cutover in their order', async () => {
    const text = await help('cutover')
    const numbered = [...text.matchAll(/^ {2}(\d) (\w+) {2,}\S/gm)].map(([, at, step]) => `${at} ${step}`) // prettier-ignore
    assert.deepEqual(numbered, CUTOVER_STEPS.map((step, index) => `${index + 1} ${step}`)) // prettier-ignore
    assert.match(text, /abort.*at once.*\n.*start hook/)
  })

  it('says what a force skips and what it does not, and shows no default that is none', async () => {
    assert.match(
      await help('cutover', 'advance'),
      /--force\s+go past a stop hook that failed[^]*checks\s+are\s+not\s+skipped/,
    )
    assert.doesNotMatch(await help('cutover', 'route'), /default/)
  })

  it('offers --yes where something is asked; plan and verify take it too', async () => {
    for (const [verb, isOffered] of [
      ['plan', false],
      ['run', true],
      ['verify', false],
      ['rollback', true],
    ] as const)
      // prettier-ignore
      assert.equal((await help('migrate', verb)).includes('--yes'), isOffered, verb)
    for (const verb of ['plan', 'verify']) {
      const { stderr } = await run({ BERTH_X: '1' }, 'migrate', verb, '--yes')
      assert.match(stderr, /BERTH_X: no such setting/, 'its words were taken')
    }
  })
})
