import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { AppError } from '../../src/base/errors.ts'
import { addKey, loadKeyRing as load, removeKey } from '../../src/vault/key-ring.ts'
import { useCleanup } from '../support/cleanup.ts'
import { useTempFolder } from '../support/temp-folder.ts'

/** A worker of its own knows no TypeScript. */
const FIXTURE = new URL('../fixtures/load-key-ring.ts', import.meta.url).href
const BOOT = `import('tsx/esm/api').then((tsx) => tsx.tsImport('${FIXTURE}', '${FIXTURE}'))`

const loadKeyRing = (file: string) => load(file, [])

const makeKey = (bytes = 32) => randomBytes(bytes).toString('base64')

describe('the key ring', () => {
  const folder = useTempFolder()
  const cleanUp = useCleanup()
  const write = (name: string, text: string, mode = 0o600): string => {
    const file = join(folder(), name)
    writeFileSync(file, text)
    chmodSync(file, mode)
    return file
  }

  it('is made with one key, for its owner alone, and is the same the next time', () => {
    const file = join(folder(), 'new.key')
    const made = loadKeyRing(file)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.match(made.newest, /^k[0-9a-f]{8}$/)
    assert.deepEqual([...made.keys.keys()], [made.newest])
    assert.equal(made.keys.get(made.newest)?.length, 32)
    assert.deepEqual(loadKeyRing(file), made)
  })

  it('is made once by many callers at the same time, and all read the same', async () => {
    const file = join(folder(), 'parallel.key')
    const count = 4
    const workerData = { file, count, gate: new Int32Array(new SharedArrayBuffer(4)) }
    const workers = Array.from(
      { length: count },
      () => new Worker(BOOT, { eval: true, workerData }),
    )
    for (const worker of workers) cleanUp(() => worker.terminate())
    const read = await Promise.all(
      workers.map(async (worker) => {
        const [ring] = (await once(worker, 'message')) as [{ newest: string; key: string }]
        return ring
      }),
    )
    const inFile = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>
    for (const { newest, key } of read) assert.deepEqual({ [newest]: key }, inFile)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    const drafts = readdirSync(folder()).filter((name) => name.startsWith('parallel.key.'))
    assert.deepEqual(drafts, [])
  }).timeout(20_000)

  it('takes the last key of the file as the newest and keeps the others', () => {
    const ring = { kffffffff: makeKey(), k00000001: makeKey(), k22222222: makeKey() }
    const { newest, keys } = loadKeyRing(write('three.key', JSON.stringify(ring)))
    assert.equal(newest, 'k22222222')
    const read = [...keys].map(([kid, key]) => [kid, key.toString('base64')])
    assert.deepEqual(read, Object.entries(ring))
  })

  for (const mode of [0o644, 0o640, 0o604, 0o620])
    it(`is refused with the mode ${mode.toString(8)}, saying what to do`, () => {
      const file = write('open.key', JSON.stringify({ k00000001: makeKey() }), mode)
      assert.throws(
        () => loadKeyRing(file),
        (error: unknown) =>
          error instanceof AppError &&
          error.code === 'file_insecure' &&
          error.message.includes(`chmod 600 ${file}`),
      )
    })

  it('is never made anew in place of a file that is no key ring, and the file is not quoted', () => {
    const key = makeKey()
    const broken = {
      'cut.key': `{"k00000001": "${key}`,
      'empty-ring.key': '{}',
      'short.key': JSON.stringify({ k00000001: makeKey(31) }),
      'long.key': JSON.stringify({ k00000001: makeKey(33) }),
      'name.key': JSON.stringify({ '1': key }),
      'list.key': JSON.stringify([key]),
      'bare.key': key,
      'number.key': '7',
    }
    for (const [name, text] of Object.entries(broken)) {
      const file = write(name, text)
      assert.throws(
        () => loadKeyRing(file),
        (error: unknown) =>
          error instanceof AppError &&
          error.code === 'key_missing' &&
          error.message.includes(file) &&
          !error.message.includes(key),
        name,
      )
      assert.equal(readFileSync(file, 'utf8'), text)
    }
    const empty = write('empty.key', '')
    assert.throws(() => loadKeyRing(empty), { code: 'file_insecure' })
    assert.equal(readFileSync(empty, 'utf8'), '')
  })

  it('takes keys in and out, for its owner alone, and is whole at any moment', () => {
    const file = join(folder(), 'grown.key')
    const first = loadKeyRing(file).newest
    const second = addKey(file)
    const grown = loadKeyRing(file)
    assert.deepEqual([...grown.keys.keys()], [first, second])
    assert.equal(grown.newest, second)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    removeKey(file, first)
    removeKey(file, first)
    assert.deepEqual([...loadKeyRing(file).keys.keys()], [second])
    const drafts = readdirSync(folder()).filter((name) => name.startsWith('grown.key.'))
    assert.deepEqual(drafts, [])
  })

  it('is not made where something was sealed by another one', () => {
    const file = join(folder(), 'lost.key')
    assert.throws(() => load(file, ['k0badcafe']), /k0badcafe/)
    assert.deepEqual(
      readdirSync(folder()).filter((name) => name.startsWith('lost.key')),
      [],
    )
  })
})
