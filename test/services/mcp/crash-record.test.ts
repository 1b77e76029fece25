import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { CrashRecord } from '../../../src/model/crash.ts'
import { useTempFolder } from '../../support/temp-folder.ts'

const PROGRAM = join(import.meta.dirname, '../../fixtures/crash.ts')

describe('the note of a crash', function () {
  this.timeout(20_000)
  const folder = useTempFolder()

  const crash = async (kind: string, file = join(folder(), `${kind}.json`)) => {
    const child = spawn(process.execPath, ['--import=tsx', PROGRAM, file, kind], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
    const [code] = (await once(child, 'close')) as [number | null]
    return { file, code, output, pid: child.pid }
  }
  const noteOf = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as CrashRecord

  for (const kind of ['timer', 'rejection'])
    it(`names the service in whose name a ${kind} failed, and the process ends`, async () => {
      const begin = Date.now()
      const { file, code, pid, output } = await crash(kind)
      const note = noteOf(file)
      assert.deepEqual([code, note.pid, note.service], [1, pid, 'culprit'])
      assert.match(note.message, /TypeError: boom[^]*crash\.ts/)
      assert.ok(Date.parse(note.at) >= begin)
      assert.equal(statSync(file).mode & 0o777, 0o600)
      assert.match(output, /"event":"host crashed".*"service":"culprit"/)
    })

  it('blames nobody for what is done in nobody’s name', async () => {
    const { file, code } = await crash('nobody')
    assert.deepEqual([code, noteOf(file).service], [1, null])
  })

  it('holds no secret', async () => {
    const { file, output } = await crash('timer')
    assert.equal(`${readFileSync(file, 'utf8')}${output}`.includes('abcdefghijklmnop'), false)
  })

  it('that cannot be written is in the log at least, and the process ends', async () => {
    const { code, output } = await crash('timer', join(folder(), 'not', 'there.json'))
    assert.equal(code, 1)
    assert.match(output, /"event":"host crashed".*"service":"culprit".*boom/)
  })
})
