import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import { readOrMakeSecretFile, readSecretFile } from '../../src/base/secret-file.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const FIXTURE = join(import.meta.dirname, '../fixtures/make-secrets.ts')
const MAKERS = 20
const ROUNDS = 3

describe('a secret file', () => {
  const temp = useTempFolder()
  const write = (name: string, text: string, mode = 0o600): string => {
    const file = join(temp(), name)
    writeFileSync(file, text, { mode })
    chmodSync(file, mode)
    return file
  }

  it('is made once, for its owner alone', () => {
    const file = join(temp(), 'made')
    assert.equal(readOrMakeSecretFile(file, () => 'first'), 'first') // prettier-ignore
    assert.equal(readOrMakeSecretFile(file, () => assert.fail('made again')), 'first') // prettier-ignore
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.equal(readFileSync(file, 'utf8'), 'first\n')
  })

  it('is the same for 20 makers at the same moment', async function () {
    this.timeout(60_000)
    const folder = join(temp(), 'race')
    mkdirSync(folder)
    const files = Array.from({ length: ROUNDS }, (_, n) => join(folder, `secret-${n}`))
    const gates = new SharedArrayBuffer(ROUNDS * Int32Array.BYTES_PER_ELEMENT)
    const program = join(temp(), 'make-secrets.mjs') // a worker of Node 20 does not load TypeScript
    await build({ entryPoints: [FIXTURE], bundle: true, platform: 'node', format: 'esm', outfile: program }) // prettier-ignore
    const workers = Array.from({ length: MAKERS }, (_, maker) => {
      const workerData = { maker, makers: MAKERS, files, gates }
      return new Worker(program, { workerData, execArgv: [] })
    })
    const answers = await Promise.all(workers.map((worker) => once(worker, 'message')))
      .then((messages) => messages.map(([answer]) => answer as string[]))
      .finally(() => Promise.all(workers.map((worker) => worker.terminate())))
    for (const answer of answers) {
      assert.deepEqual(answer, answers[0])
      for (const secret of answer) assert.match(secret, /^made by \d+, 200000$/)
    }
    assert.equal(readdirSync(folder).length, ROUNDS, 'no draft is left')
  })

  for (const mode of [0o644, 0o640, 0o604, 0o660, 0o610])
    it(`is refused with mode ${mode.toString(8)}, naming file and remedy`, () => {
      const file = write(`wide-${mode}`, 'geheim', mode)
      const expected = {
        code: 'file_insecure',
        message: new RegExp(`^${file} has mode ${mode.toString(8)}.*chmod 600 ${file}`),
      }
      assert.throws(() => readSecretFile(file), expected)
      assert.throws(() => readOrMakeSecretFile(file, () => 'new'), expected)
      assert.equal(readFileSync(file, 'utf8'), 'geheim')
    })

  it('may be for reading alone', () => {
    assert.equal(readSecretFile(write('read-only', ' geheim \n', 0o400)), 'geheim')
  })

  it('is refused when it is empty, not made anew: what it held seals data', () => {
    const file = write('empty', ' \n')
    assert.throws(() => readOrMakeSecretFile(file, () => 'new'), { code: 'file_insecure', message: /is empty/ }) // prettier-ignore
    assert.equal(readFileSync(file, 'utf8'), ' \n')
  })

  it('passes on why it cannot be made', () => {
    const file = join(temp(), 'nowhere', 'secret')
    assert.throws(() => readOrMakeSecretFile(file, () => 'new'), { code: 'ENOENT' })
  })
})
