import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CrashRecord } from '../../src/model/crash.ts'
import { createAutopsy } from '../../src/supervisor/autopsy.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const HOST = 'mcp-host-0'
const exited = (host: string, code: number, signal: string) =>
  `2026-01-02T03:04:05: PM2 log: App [${host}:3] exited with code [${code}] via signal [${signal}]\n`

describe('the autopsy of a host', () => {
  const temp = useTempFolder()

  const setUp = (files: { note?: string; working?: string; log?: string; pm2?: string }) => {
    const folder = mkdtempSync(join(temp(), 'a-'))
    const write = (name: string, text: string | undefined) => {
      if (text !== undefined) writeFileSync(join(folder, name), text)
    }
    write(`${HOST}.crash.json`, files.note)
    write(`${HOST}.working`, files.working)
    write(`${HOST}.log`, files.log)
    write('pm2.log', files.pm2)
    const examine = createAutopsy({
      crashFileOf: (host) => join(folder, `${host}.crash.json`),
      workFileOf: (host) => join(folder, `${host}.working`),
      logFileOf: (host) => join(folder, `${host}.log`),
      pm2LogFile: join(folder, 'pm2.log'),
    })
    return { examine: (cause?: 'unhealthy') => examine(HOST, cause), write }
  }
  const noteOf = (over: Partial<CrashRecord> = {}) =>
    JSON.stringify({
      at: new Date().toISOString(),
      pid: 1,
      service: 'figma',
      message: 'x',
      ...over,
    })
  const ago = (ms: number) => new Date(Date.now() - ms).toISOString()

  it("finds the culprit in the host's own note, over what PM2 says", () => {
    const { examine } = setUp({ note: noteOf(), pm2: exited(HOST, 1, 'SIGINT') })
    assert.deepEqual(examine(), { cause: 'exception', culprit: 'figma', lines: [] })
  })

  it('knows an exception that is at nobody’s door', () => {
    const { examine } = setUp({ note: noteOf({ service: null }) })
    assert.deepEqual(examine(), { cause: 'exception', culprit: undefined, lines: [] })
  })

  it('counts a note for one end only: the next one may have another cause', () => {
    const { examine, write } = setUp({
      note: noteOf({ at: ago(2) }),
      pm2: exited(HOST, 0, 'SIGKILL'),
    })
    assert.equal(examine().culprit, 'figma')
    assert.deepEqual(examine(), { cause: 'SIGKILL', culprit: undefined, lines: [] })
    write(`${HOST}.crash.json`, noteOf({ at: ago(1), service: 'stripe' }))
    assert.equal(examine().culprit, 'stripe')
  })

  it('lays an end that leaves no note, and a loop, at the door of whom the host worked for', () => {
    const working = 'figma'.padEnd(256)
    const none = { culprit: undefined, lines: [] }
    assert.deepEqual(setUp({ working }).examine('unhealthy'), { cause: 'unhealthy', culprit: 'figma', lines: [] }) // prettier-ignore
    const abort = { pm2: exited(HOST, 0, 'SIGABRT') }
    assert.equal(setUp({ working, ...abort }).examine().culprit, 'figma')
    assert.deepEqual(setUp({ working: ' '.repeat(256), ...abort }).examine(), { cause: 'SIGABRT', ...none }) // prettier-ignore
    assert.deepEqual(setUp({}).examine('unhealthy'), { cause: 'unhealthy', ...none })
    // Somebody killed it: that is nobody's fault.
    const killed = setUp({ working, pm2: exited(HOST, 0, 'SIGKILL') }).examine()
    assert.deepEqual(killed, { cause: 'SIGKILL', ...none })
  })

  for (const [what, note] of [
    ['old', noteOf({ at: ago(60_000) })],
    ['without a time', noteOf({ at: 'yesterday' })],
    ['cut off', noteOf().slice(0, 20)],
    ['empty', ''],
    ['no object', 'null'],
  ])
    it(`ignores a note that is ${what ?? ''}`, () => {
      const { examine } = setUp({ note: note ?? '', pm2: exited(HOST, 0, 'SIGSEGV') })
      assert.deepEqual(examine(), { cause: 'SIGSEGV', culprit: undefined, lines: [] })
    })

  it("reads the signal or the exit code from PM2's log: the last line of this host counts", () => {
    const other = exited('mcp-host-00', 9, 'SIGABRT')
    const causes = [
      exited(HOST, 0, 'SIGTERM') + exited(HOST, 7, 'SIGINT') + other,
      exited(HOST, 7, 'SIGINT') + exited(HOST, 0, 'SIGKILL') + other,
      other,
    ].map((pm2) => setUp({ pm2 }).examine().cause)
    assert.deepEqual(causes, ['exit 7', 'SIGKILL', undefined])
  })

  it('brings the last twenty lines, from the end of a log of any size', () => {
    const lines = Array.from({ length: 50_000 }, (_, n) => `line ${n} of the log`)
    const { examine } = setUp({ log: `${lines.join('\n')}\n\n` })
    assert.deepEqual(examine().lines, lines.slice(-20))
  })

  it('does without files that are not there', () => {
    assert.deepEqual(setUp({}).examine(), { cause: undefined, culprit: undefined, lines: [] })
  })
})
