import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { toLine, toPrettyLine, type Fields } from '../../src/base/log-line.ts'
import { logThrough, silentLog } from '../../src/base/log.ts'

const run = promisify(execFile)
const BASE = join(import.meta.dirname, '../../src/base')

const makeLog = () => {
  const entries: [level: string, fields: Fields][] = []
  return { entries, log: logThrough((level, fields) => entries.push([level, fields]), 'daemon') }
}

describe('a log', () => {
  it('writes level, part, event and fields, without secrets', () => {
    const { entries, log } = makeLog()
    log.warn('key refused', { service: 'figma', api_key: 'geheim', error: new Error('brt_geheim') })
    const [level, fields] = entries[0] ?? []
    assert.equal(level, 'warn')
    assert.deepEqual({ ...fields, error: 0 }, { part: 'daemon', event: 'key refused', service: 'figma', api_key: '[secret]', error: 0 }) // prettier-ignore
    assert.doesNotMatch(JSON.stringify(entries), /geheim/)
  })

  it('has a child per part, which redacts too', () => {
    const { entries, log } = makeLog()
    log.child('gateway').child('cache').error('Bearer geheim', {})
    assert.deepEqual(entries, [['error', { part: 'cache', event: 'Bearer [secret]' }]])
  })

  it('says nothing when it is silent', () => {
    silentLog.child('x').error('nothing', { token: 'x' })
  })

  it('is one line of JSON per entry, whatever the fields hold', () => {
    const line = toLine('info', { event: 'two\nlines', n: 1 })
    assert.ok(!line.includes('\n'))
    const { time, ...rest } = JSON.parse(line) as Record<string, unknown>
    assert.deepEqual(rest, { level: 'info', event: 'two\nlines', n: 1 })
    assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  })
})

describe('a line for people', () => {
  it('has time, level, part, event and fields, and the lines of a stack', () => {
    const error = { name: 'Error', message: 'no', stack: 'Error: no\n    at here' }
    const fields = {
      part: 'gateway',
      event: 'request failed',
      service: 'figma',
      said: 'a b',
      error,
    }
    const line = toPrettyLine('error', fields, new Date(Date.UTC(2026, 0, 1, 12, 34, 56, 789)))
    assert.equal(
      line.replaceAll(/\u001b\[\d+m/g, ''),
      '12:34:56.789 error gateway request failed  service=figma said="a b" error=\n  Error: no\n      at here',
    )
  })
})

describe('the logs of processes', function () {
  this.timeout(30_000)

  for (const [file, maker, level] of [
    ['log.ts', 'createLineLog', `'warn'`],
    ['daemon-log.ts', 'createDaemonLog', `{ logLevel: 'warn', logFormat: 'auto' }`],
  ] as const)
    it(`${maker} writes lines to stdout down to its level, without secrets`, async () => {
      const program = `
        import { ${maker} } from '${BASE}/${file}'
        const log = ${maker}('here', ${level})
        log.error('first', { token: 'geheim', n: 1 })
        log.child('there').warn('second', { message: 'mine' })
        log.info('third')
        log.debug('fourth')`
      const args = ['--import=tsx', '--input-type=module', '--eval', program]
      const { stdout, stderr } = await run(process.execPath, args)
      const lines = stdout.trim().split('\n').map((line) => JSON.parse(line) as Fields) // prettier-ignore
      assert.deepEqual(
        lines.map(({ time, ...rest }) => (assert.ok(time), rest)),
        [
          { level: 'error', part: 'here', event: 'first', token: '[secret]', n: 1 },
          { level: 'warn', part: 'there', event: 'second', message: 'mine' },
        ],
      )
      assert.equal(stderr, '')
    })
})
