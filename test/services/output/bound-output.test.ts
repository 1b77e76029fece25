import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { useTempFolder } from '../../support/temp-folder.ts'

const run = promisify(execFile)
const PRELOAD = join(import.meta.dirname, '../../../dist/services/output/main.js')

describe("what an operator's own program writes", function () {
  this.timeout(30_000)
  const temp = useTempFolder()
  const runProgram = async (source: string) => {
    const program = join(temp(), 'program.cjs')
    writeFileSync(program, source)
    const env = { MCP_TYPE: 'own' }
    const { stdout, stderr } = await run(process.execPath, ['--import', PRELOAD, program], { env, maxBuffer: 2 ** 26 }) // prettier-ignore
    const parse = (text: string) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>) // prettier-ignore
    return { out: parse(stdout), err: parse(stderr), bytes: stdout.length }
  }

  it('becomes lines of the log, without secrets; lines of JSON stay', async () => {
    const { out, err } = await runProgram(`
      console.log('two\\nlines')
      process.stdout.write('in ')
      process.stdout.write(Buffer.from('pieces, Bearer geheim'))
      console.log()
      console.log(JSON.stringify({ mine: true }))
      console.error('oh no')
      process.stdout.write('without an end', () => process.stdout.write('!'))
    `)
    const events = out.map(({ service, part, level, event, mine }) => mine ?? [service, part, level, event].join(' ')) // prettier-ignore
    assert.deepEqual(events, [
      'own program info two',
      'own program info lines',
      'own program info in pieces, Bearer [secret]',
      true,
      'own program info without an end!',
    ])
    assert.deepEqual(err.map(({ level, event }) => [level, event]), [['error', 'oh no']]) // prettier-ignore
  })

  it('is bounded', async () => {
    const { bytes } = await runProgram(`
      const line = 'x'.repeat(999)
      for (let n = 0; n < 100_000; n++) console.log(line)
    `)
    assert.ok(bytes < 8 * 2 ** 20, String(bytes)) // of 100 MB
  })
})
