import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Evidence } from '../../src/model/crash.ts'
import { pidsOf, useFleet } from '../support/fleet.ts'
import { writeProgram } from '../support/programs.ts'
import { waitUntil } from '../support/wait-until.ts'
import { watchFleet } from '../support/watch-fleet.ts'

const LOOPS = {
  /** Ends as if all were well. */
  polite: `setTimeout(() => process.exit(0), 300)`,
  /** Is found healthy before it ends. */
  moody: `setTimeout(() => { throw new Error('moody as ever') }, 3_000)`,
  greedy: `const kept = []; setInterval(() => kept.push(Array.from({ length: 1e5 }, Math.random)), 5)`,
}
const HANGS = `server.on('request', ({ url }) => { if (url === '/hang') for (;;); })`
const QUIET = ['alpha', 'beta', 'stopped', 'calm']
const NODE_ARGS = { greedy: ['--max-old-space-size=32'] }

/** All of it happens at the same time in one fleet, so that the tests wait for the slowest and not for the sum. */
describe('a fleet with services that misbehave', function () {
  const services = [...QUIET, 'hanging', ...Object.keys(LOOPS)]
  const fleet = useFleet({ services, env: { BERTH_HOSTS: '1' } })
  const { urlOf, until, living, healthOf } = watchFleet(fleet)
  let old: Record<string, number | null>

  before('up, and then all goes wrong', async () => {
    const own = (name: string, body: string, nodeArgs: string[] = []) => {
      writeProgram(fleet().registry, name, body)
      fleet().configure(name, { process: { script: 'program.cjs', nodeArgs } })
    }
    own('calm', '')
    own('hanging', HANGS)
    for (const name of Object.keys(LOOPS)) own(name, '')
    await fleet().json(['up'])
    await fleet().json(['stop', 'stopped'])
    for (const [name, body] of Object.entries(LOOPS))
      own(name, body, name in NODE_ARGS ? NODE_ARGS.greedy : ['--stack-trace-limit=20'])
    old = pidsOf(await fleet().json(['status']))
    await fleet().json(['apply'])
    process.kill(old['mcp-host-0']!, 'SIGSTOP')
    await fetch(`${urlOf('hanging')}/hang`, { signal: AbortSignal.timeout(2_000) }).catch(
      () => undefined,
    )
    assert.equal(await healthOf('hanging'), undefined, 'it hangs')
  })

  const evidenceOf = async (name: string): Promise<Evidence> => {
    await until(`${name} is in quarantine`, (of) => of(name)?.state === 'quarantined', 60_000)
    const text = readFileSync(join(fleet().home, 'run', 'services.json'), 'utf8')
    const { quarantined } = JSON.parse(text) as { quarantined: Record<string, Evidence> }
    const evidence = quarantined[name]
    assert.ok(evidence && evidence.causes.length >= 5, JSON.stringify(evidence))
    await waitUntil('its host has ended', () => !living().includes(`mcp-${name}`))
    return evidence
  }

  it('keeps out what ends again and again with exit code 0', async () => {
    const { causes } = await evidenceOf('polite')
    assert.deepEqual([...new Set(causes)], ['exit 0'])
  })

  it('keeps out what takes more memory than it may have', async () => {
    const { causes, lines } = await evidenceOf('greedy')
    assert.deepEqual([...new Set(causes)], ['SIGABRT'])
    assert.match(lines.join('\n'), /heap/)
  })

  it('keeps out what goes on failing after it was healthy for a while', async () => {
    const { causes, lines } = await evidenceOf('moody')
    assert.deepEqual([...new Set(causes)], ['exit 1'])
    assert.match(lines.join('\n'), /moody as ever/)
  })

  it('gives a program that hangs a new process', async () => {
    const isBack = (pid: number | null | undefined) => pid != null && pid !== old['mcp-hanging']
    const isWell = (state: string | undefined) => state === 'healthy'
    await until('it is back', (of) => isBack(of('hanging')?.pid) && isWell(of('hanging')?.state), 70_000) // prettier-ignore
    assert.equal((await healthOf('hanging'))?.service, 'hanging')
  })

  it('gives a packed host that hangs a new process, also when one of its services is stopped', async () => {
    const isBack = (pid: number | null | undefined) => pid != null && pid !== old['mcp-host-0']
    const now = await until(
      'it is back',
      (of) => isBack(of('alpha')?.pid) && of('alpha')?.state === 'healthy' && of('beta')?.state === 'healthy', // prettier-ignore
      70_000,
    )
    const state = now.services.find(({ service }) => service === 'stopped')?.state
    assert.equal(state, 'stopped')
    for (const service of ['alpha', 'beta'])
      assert.equal((await healthOf(service))?.service, service)
    assert.equal(await healthOf('stopped'), undefined)
  })

  it('leaves the calm alone meanwhile, and lets nothing run twice', async () => {
    const now = pidsOf(await fleet().json(['status']))
    assert.deepEqual([now['mcp-calm'], now['main-api']], [old['mcp-calm'], old['main-api']])
    assert.deepEqual(living(), ['main-api', 'mcp-calm', 'mcp-hanging', 'mcp-host-0'])
  })
})
