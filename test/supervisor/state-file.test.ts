import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readDecisions, writeDecisions, type Decisions } from '../../src/supervisor/state-file.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const EMPTY: Decisions = { stopped: [], isolated: [], quarantined: {} }
const SOME: Decisions = {
  stopped: ['figma'],
  isolated: ['stripe'],
  quarantined: {
    asana: { since: '2026-01-02', retryAt: '2026-01-03', attempts: 2, causes: ['exit 1'], lines: ['x'] },
  },
} // prettier-ignore

describe('the file of decisions', () => {
  const temp = useTempFolder()
  let folder: string
  let file: string
  let count = 0
  beforeEach(() => {
    folder = join(temp(), String(count++))
    mkdirSync(folder)
    file = join(folder, 'services.json')
  })

  it('gives back what was written, for this user alone, and leaves no draft', () => {
    writeDecisions(file, SOME)
    assert.deepEqual(readDecisions(file), SOME)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(folder), ['services.json'])
  })

  it('is empty when it is not there', () => {
    assert.deepEqual(readDecisions(file), EMPTY)
  })

  it('is empty wherever it was cut off', () => {
    const text = JSON.stringify(SOME)
    for (const length of [0, 1, 20, text.length >> 1, text.length - 1]) {
      writeFileSync(file, text.slice(0, length))
      assert.deepEqual(readDecisions(file), EMPTY)
    }
  })

  it('is empty when it holds something else', () => {
    for (const text of ['null', '[]', '{"stopped":"figma"}', '{"quarantined":{"a":{}}}', '\0\0']) {
      writeFileSync(file, text)
      assert.deepEqual(readDecisions(file), EMPTY, text)
    }
  })

  it('of an earlier version counts with what it has', () => {
    writeFileSync(file, '{"stopped":["figma"],"laterSetting":1}')
    assert.deepEqual(readDecisions(file), { ...EMPTY, stopped: ['figma'] })
  })

  it('stays whole when it cannot be written anew', () => {
    writeDecisions(file, SOME)
    // The draft's place is taken by a folder: the write fails, as on a full disk.
    mkdirSync(`${file}.${process.pid}`)
    assert.throws(() => writeDecisions(file, EMPTY), { code: 'EISDIR' })
    assert.equal(readFileSync(file, 'utf8'), JSON.stringify(SOME))
  })
})
