import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync, writeSync } from 'node:fs' // prettier-ignore
import { join } from 'node:path'
import { silentLog } from '../../src/base/log.ts'
import { createLogKeeper, createLook } from '../../src/logs/keeper.ts'
import { useTempFolder } from '../support/temp-folder.ts'
import { waitUntil } from '../support/wait-until.ts'

const KB = 1024
const LIMITS = { maxBytes: 100 * KB, kept: 2, maxDays: 14, maxTotalBytes: 10_000 * KB }

describe('the keeper of log files', () => {
  const temp = useTempFolder()
  const setUp = (over: Partial<typeof LIMITS> = {}, others: string[] = []) => {
    const folder = mkdtempSync(join(temp(), 'logs-'))
    let time = Date.now()
    const look = createLook({
      folder,
      others: () => others,
      limits: { ...LIMITS, ...over },
      log: silentLog,
      now: () => time,
    })
    const file = (name: string) => join(folder, name)
    const sizes = () => Object.fromEntries(readdirSync(folder).sort().map((name) => [name, statSync(file(name)).size])) // prettier-ignore
    return { look, file, sizes, pass: (ms: number) => (time += ms) }
  }

  it('rotates a file that is too large, while its writer goes on in the same file', async () => {
    const { look, file, sizes, pass } = setUp()
    const writer = openSync(file('mcp-figma.log'), 'a')
    for (const letter of 'abc') {
      writeSync(writer, letter.repeat(101 * KB))
      await look()
      pass(10_000)
    }
    writeSync(writer, 'next\n')
    // Each was cut at its beginning by what is above the bound, and the current file says so.
    assert.deepEqual(Object.keys(sizes()), ['mcp-figma.log', 'mcp-figma.log.1', 'mcp-figma.log.2'])
    assert.equal(readFileSync(file('mcp-figma.log.1'), 'utf8'), 'c'.repeat(100 * KB))
    assert.match(readFileSync(file('mcp-figma.log'), 'utf8'), /"log cut","lostBytes":\d+}\nnext\n$/)
  })

  it('empties a file that fills up faster than it is worth to rotate it, and looks more often', async () => {
    const { look, file, sizes } = setUp()
    writeFileSync(file('mcp-loud.log'), 'a')
    assert.equal(await look(), 1_000)
    for (let n = 0; n < 5; n++) {
      appendFileSync(file('mcp-loud.log'), Buffer.alloc(2_000 * KB, 'x'))
      assert.equal(await look(), 50)
    }
    assert.ok(Object.values(sizes()).reduce((a, b) => a + b) < 101 * KB, JSON.stringify(sizes()))
  })

  it('bounds all files together, the oldest go', async () => {
    const { look, file, sizes, pass } = setUp({ kept: 9, maxTotalBytes: 700 * KB })
    for (let n = 0; n < 9; n++) {
      writeFileSync(file('mcp-figma.log'), Buffer.alloc(101 * KB, 'x'))
      await look()
      pass(10_000)
    }
    const total = Object.values(sizes()).reduce((a, b) => a + b)
    assert.ok(total <= 350 * KB && total > 250 * KB, JSON.stringify(sizes()))
  })

  it('gives many files less each', async () => {
    const { look, file, sizes } = setUp({ maxTotalBytes: 2_000 * KB })
    for (let n = 0; n < 10; n++) writeFileSync(file(`mcp-${n}.log`), Buffer.alloc(101 * KB, 'x'))
    await look()
    assert.equal(Object.keys(sizes()).length, 20)
    rmSync(file('mcp-9.log'))
    for (let n = 0; n < 20; n++) writeFileSync(file(`mcp-${n}.log`), Buffer.alloc(80 * KB, 'x'))
    await look()
    const total = Object.values(sizes()).reduce((a, b) => a + b)
    assert.ok(total <= 2_000 * KB, String(total))
  })

  it('removes what is too old', async () => {
    const { look, file, sizes } = setUp()
    for (const [name, days] of [
      ['mcp-a.log.1', 13],
      ['mcp-b.log.1', 15],
      ['mcp-c.log', 15],
    ] as const) {
      // prettier-ignore
      writeFileSync(file(name), 'x')
      const then = Date.now() / 1000 - days * 86_400
      utimesSync(file(name), then, then)
    }
    await look()
    assert.deepEqual(Object.keys(sizes()), ['mcp-a.log.1', 'mcp-c.log'])
  })

  it('bounds files elsewhere, and minds none that is missing', async () => {
    const other = join(temp(), 'pm2.log')
    writeFileSync(other, Buffer.alloc(101 * KB, 'x'))
    const { look } = setUp({}, [other, join(temp(), 'nowhere.log')])
    await look()
    assert.equal(statSync(`${other}.1`).size, 100 * KB)
  })

  it('runs until it is stopped', async () => {
    const folder = join(temp(), 'late')
    const keeper = createLogKeeper({ folder, limits: LIMITS, log: silentLog })
    await keeper.start()
    mkdirSync(folder)
    writeFileSync(join(folder, 'a.log'), Buffer.alloc(101 * KB, 'x'))
    await waitUntil('the file is rotated', () => readdirSync(folder).includes('a.log.1'))
    await keeper.stop()
  })
})
