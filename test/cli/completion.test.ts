import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { runBerth } from '../support/berth.ts'
import { makeService, writeRegistry } from '../support/services.ts'
import { useTempFolder } from '../support/temp-folder.ts'

describe('completion', function () {
  this.timeout(30_000)
  const folder = useTempFolder()
  const run = (...args: string[]) =>
    runBerth(args, { BERTH_HOME: folder(), BERTH_REGISTRY_DIR: folder() })
  /** What is said for the last of the words, without descriptions. */
  const complete = async (...words: string[]): Promise<string[]> => {
    const { code, stdout } = await run('complete', '--', ...words)
    assert.equal(code, 0)
    return stdout.split('\n').flatMap((line) => /^([^:\t]+)\t/.exec(line)?.[1] ?? [])
  }

  before(() => {
    writeRegistry(folder(), { widgets: makeService(), gadgets: makeService({ name: 'gadgets' }) })
  })

  it('knows commands, those below them, and their options', async () => {
    assert.deepEqual(await complete('cut'), ['cutover'])
    assert.deepEqual(await complete('migrate', 'ver'), ['verify'])
    assert.deepEqual(await complete('cutover', 'advance', '--f'), ['--force'])
  })

  it('knows the choices of an option, and the services of the registry', async () => {
    assert.deepEqual(await complete('migrate', 'plan', '--decoder', 'iv'), ['iv-hex'])
    assert.deepEqual(await complete('restart', 'widgets', 'g'), ['gadgets'])
    assert.deepEqual(await complete('events', '--service', 'w'), ['widgets'])
  })

  it('offers no file, and says nothing where there is nothing to say', async () => {
    assert.deepEqual(await complete('restart', 'nothing-of-that-name'), [])
  })

  it('prints a script that bash reads', async () => {
    const { code, stdout } = await run('completion', 'bash')
    assert.equal(code, 0)
    execFileSync('bash', ['-n'], { input: stdout })
    assert.match(stdout, /^complete .* berth$/m)
  })

  it('is refused for a shell that it does not know', async () => {
    const { code, stderr } = await run('completion', 'tcsh')
    assert.equal(code, 2)
    assert.match(stderr, /zsh, bash, fish, powershell/)
  })
})
