import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { AppSpec } from '../../src/model/fleet.ts'
import { pm2Command } from '../../src/processes/launch.ts'
import { pidsOf, statesOf, useFleet } from '../support/fleet.ts'
import { environmentOfProcess, processesNaming } from '../support/processes.ts'
import { waitUntil } from '../support/wait-until.ts'

const CANARY = 'canary-of-the-shell-20d6'

describe('berth ecosystem generate', function () {
  this.timeout(40_000)
  const fleet = useFleet({ env: { BERTH_ISOLATION: 'dedicated' } })
  const below = (name: string) => join(fleet().home, '..', name)
  const generate = (out: string, env: Record<string, string> = {}) =>
    fleet().json<{ file: string; apps: string[] }>(['ecosystem', 'generate', '--out', out], { env })

  it('writes the same bytes for the same fleet, and main-api first', async () => {
    const [one, two] = [below('one.config.cjs'), below('two.config.cjs')]
    const made = await generate(one)
    assert.equal(made.file, one)
    assert.deepEqual(made.apps.slice().sort(), ['main-api', 'mcp-alpha', 'mcp-beta', 'mcp-planned'])
    assert.equal(made.apps[0], 'main-api')
    await generate(two)
    assert.ok(readFileSync(one).equals(readFileSync(two)))
    const { apps } = createRequire(import.meta.url)(one) as { apps: AppSpec[] }
    assert.deepEqual(apps.map(({ name }) => name), made.apps) // prettier-ignore
    const { env } = apps.find(({ name }) => name === 'mcp-alpha')!
    assert.equal(env['MCP_TYPE'], 'alpha')
    assert.equal(env['PORT'], String(fleet().ports['alpha']))
    assert.equal(env['SERVICE_MODE'], 'shared')
  })

  it('writes neither a password nor anything of the shell', async () => {
    const file = below('secrets.config.cjs')
    const url = new URL(fleet().env['DATABASE_URL'] ?? '')
    url.password = 'pa55word'
    await generate(file, { DATABASE_URL: url.href, SHELLS_OWN: CANARY })
    assert.doesNotMatch(readFileSync(file, 'utf8'), new RegExp(`pa55word|${CANARY}`))
  })

  it('makes a file that plain PM2 starts in a fresh home: the fleet gets healthy, berth up finds it so', async () => {
    const PM2_HOME = below('pm2-by-hand')
    mkdirSync(PM2_HOME, { mode: 0o700 })
    const file = below('ecosystem.config.cjs')
    await generate(file, { PM2_HOME })
    const shell = { PATH: process.env['PATH'] ?? '', PM2_HOME, SHELLS_OWN: CANARY, CI: 'true' }
    await promisify(execFile)(process.execPath, [pm2Command(), 'start', file], { env: shell })

    const options = { env: { PM2_HOME } }
    const status = await waitUntil('the fleet is up', async () => {
      const now = await fleet().json(['status'], options)
      const settled = now.services.every(({ state }) => ['healthy', 'planned'].includes(state))
      return now.daemon.state === 'running' && settled && now
    })
    assert.deepEqual(statesOf(status), { alpha: 'healthy', beta: 'healthy', planned: 'planned' })
    assert.equal(status.daemon.pm2Home, PM2_HOME)
    for (const pid of Object.values(pidsOf(status)))
      assert.deepEqual(environmentOfProcess(pid!).filter((text) => text.includes(CANARY)), []) // prettier-ignore

    const listed = async (): Promise<string[]> => {
      const { stdout } = await fleet().run(['pm2', 'jlist'], options)
      return (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name).sort()
    }
    // The daemon and PM2's command may both have started a host; the supervisor ends one of the two.
    const once = ['main-api', 'mcp-alpha', 'mcp-beta', 'mcp-planned']
    await waitUntil('each runs once', async () => (await listed()).join() === once.join())
    const before = pidsOf(await fleet().json(['status'], options))
    const again = await fleet().run(['up'], options)
    assert.match(again.stdout, /ran already/)
    assert.deepEqual(pidsOf(await fleet().json(['status'], options)), before)

    assert.equal((await fleet().run(['down'], options)).code, 0)
    assert.deepEqual(processesNaming(PM2_HOME), [])
  })
})
