import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Evidence } from '../../src/model/crash.ts'
import type { FleetStatus, PlanLine } from '../../src/model/fleet.ts'
import { pidsOf, statesOf, useFleet } from '../support/fleet.ts'
import { send } from '../support/http.ts'
import { writeProgram } from '../support/programs.ts'
import { makeTool } from '../support/tools.ts'
import { waitUntil } from '../support/wait-until.ts'

type Changes = { changes: PlanLine[] }

describe('berth plan, apply, stop, start and restart', function () {
  this.timeout(60_000)
  const services = ['alpha', 'beta', 'extra', 'own', 'loop']
  const fleet = useFleet({ services, env: { BERTH_HOSTS: '1' } })
  const remove = (service: string) =>
    rmSync(join(fleet().registry, service), { recursive: true, force: true })
  before(async () => {
    for (const service of ['extra', 'loop']) remove(service)
    fleet().configure('own', { process: { isolation: 'dedicated' } })
    await fleet().json(['up'])
  })

  const urlOf = (service: string) => `http://127.0.0.1:${fleet().ports[service] ?? 0}`
  const status = () => fleet().json(['status'])
  const serviceOf = ({ services: all }: FleetStatus, name: string) =>
    all.find(({ service }) => service === name)
  const toolsOf = async (service: string) => {
    const { body } = await send(urlOf(service), '/tools')
    return (body as { tools: { name: string }[] }).tools.map(({ name }) => name)
  }
  const isRefused = (service: string) =>
    assert.rejects(send(urlOf(service), '/health'), { code: 'ECONNREFUSED' })
  const becomes = (service: string, state: string) =>
    waitUntil(`${service} is ${state}`, async () => {
      const now = await status()
      return serviceOf(now, service)?.state === state && now
    })
  /** Names of the fleet's processes under PM2; one that runs twice stands there twice. */
  const processes = async () => {
    const { stdout } = await fleet().run(['pm2', 'jlist'])
    return (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name).sort()
  }
  /** Asks a service as fast as it answers. @returns a function that ends it and tells how it went */
  const pollTightly = (service: string) => {
    const went = { isOver: false, answered: 0, failed: [] as unknown[] }
    const polling = (async () => {
      while (!went.isOver)
        await send(urlOf(service), '/health').then(
          ({ status: code }) => (code === 200 ? (went.answered += 1) : went.failed.push(code)),
          (error: unknown) => went.failed.push(error),
        )
    })()
    return async () => {
      went.isOver = true
      await polling
      return went
    }
  }

  it('plan nothing for a fleet that is as it should be', async () => {
    assert.deepEqual(await fleet().json<Changes>(['plan']), { changes: [] })
    assert.equal((await fleet().run(['plan'])).stdout, 'Nothing to change.\n')
    assert.deepEqual(await fleet().json<Changes>(['apply']), { changes: [] })
  })

  it('make what the plan says, in the running host, while its neighbour answers every request', async () => {
    const before = pidsOf(await status())
    fleet().configure('alpha', { tools: [makeTool({ name: 'fresh' })] })
    fleet().configure('extra', {})
    const planned = await fleet().json<Changes>(['plan'])
    const common = { kind: 'service', host: 'mcp-host-0' }
    const lineOf = (name: string) => planned.changes.find((line) => line.name === name)
    assert.equal(planned.changes.length, 2)
    const { fields = [], ...alpha } = lineOf('alpha') ?? {}
    assert.deepEqual(alpha, { ...common, action: 'change', name: 'alpha' })
    assert.ok(fields.includes('tools.0.name'), fields.join())
    assert.deepEqual(lineOf('extra'), { ...common, action: 'add', name: 'extra', fields: [] })
    assert.deepEqual(await toolsOf('alpha'), ['get_item'], 'a plan does nothing')
    const stopPolling = pollTightly('beta')
    assert.deepEqual(await fleet().json<Changes>(['apply']), planned)
    assert.deepEqual(await toolsOf('alpha'), ['fresh'])
    assert.deepEqual(await toolsOf('extra'), ['get_item'])
    const { answered, failed } = await stopPolling()
    assert.deepEqual(failed, [])
    assert.ok(answered > 100, `${answered} requests`)
    assert.deepEqual(pidsOf(await status()), before)
  })

  it('take a service away that left the registry, and say so', async () => {
    const before = pidsOf(await status())
    remove('extra')
    assert.match(
      (await fleet().run(['plan'])).stdout,
      /^- service extra on mcp-host-0\n1 change\. /,
    )
    assert.match((await fleet().run(['apply'])).stdout, /^- service extra .*\nApplied 1 change\./)
    await isRefused('extra')
    const now = await status()
    assert.deepEqual(pidsOf(now), before)
    assert.equal(serviceOf(now, 'extra'), undefined)
  })

  it('change the fleet once when ten apply at once, and start nothing twice', async () => {
    fleet().configure('extra', { process: { isolation: 'dedicated' } })
    fleet().configure('beta', { displayName: 'Beta, second edition' })
    const token = readFileSync(join(fleet().home, 'admin.token'), 'utf8').trim()
    const headers = { authorization: `Bearer ${token}` }
    const apply = () =>
      send(fleet().url, '/api/v1/admin/apply', { method: 'POST', headers, body: {} })
    const answers = await Promise.all(Array.from({ length: 10 }, apply))
    assert.ok(answers.every(({ status: code }) => code === 200))
    const made = answers.map(({ body }) => (body as Changes).changes.map(({ name }) => name).join())
    assert.deepEqual(made.filter((names) => names !== ''), ['beta,mcp-extra']) // prettier-ignore
    assert.deepEqual(await processes(), ['main-api', 'mcp-extra', 'mcp-host-0', 'mcp-own'])
    await becomes('extra', 'healthy')
    remove('extra')
    const { changes } = await fleet().json<Changes>(['apply'])
    assert.deepEqual(changes.map(({ name }) => name), ['mcp-extra']) // prettier-ignore
    await isRefused('extra')
  })

  it('leave a service as it runs whose config a slip has broken, and say so until it is mended', async () => {
    const file = join(fleet().registry, 'alpha', 'config.json')
    const config = readFileSync(file, 'utf8')
    writeFileSync(file, config.replace('{', '{,'))
    const tools = await toolsOf('alpha')
    for (const verb of ['plan', 'apply']) {
      const { stdout, stderr } = await fleet().run([verb])
      assert.equal(stdout, 'Nothing to change.\n')
      assert.match(stderr, /left out: .*alpha.config\.json: is not JSON.*alpha goes on with the config it had/) // prettier-ignore
    }
    assert.deepEqual(await toolsOf('alpha'), tools)
    assert.match((await fleet().run(['status'])).stdout, /Config left out: .*alpha goes on/)
    const [out] = (await status()).leftOut
    assert.deepEqual([out?.file, out?.kept], [file, 'alpha'])
    writeFileSync(file, config)
    await fleet().json(['apply'])
    assert.deepEqual((await status()).leftOut, [])
  })

  it('say which slips of a changed config were put right, and nothing of the others', async () => {
    const file = join(fleet().registry, 'alpha', 'config.json')
    const config = readFileSync(file, 'utf8')
    writeFileSync(file, config.replace('"tools"', '"toools"'))
    const { stdout, stderr } = await fleet().run(['plan'])
    assert.match(stdout, /~ service alpha/)
    assert.match(stderr, /slip: .*alpha.config\.json.*unknown key "toools"; did you mean "tools"/)
    writeFileSync(file, config)
    assert.equal((await fleet().run(['plan'])).stderr, '')
  })

  it('leave the fleet as it is when the registry cannot run', async () => {
    const before = pidsOf(await status())
    for (const service of ['alpha', 'beta', 'own']) remove(service)
    for (const verb of ['plan', 'apply']) {
      const { code, stdout } = await fleet().run([verb, '--json'])
      assert.deepEqual([code, JSON.parse(stdout).code], [1, 'registry_invalid'], stdout)
    }
    for (const service of ['alpha', 'beta']) fleet().configure(service, {})
    fleet().configure('own', { process: { isolation: 'dedicated' } })
    await fleet().json(['apply'])
    assert.deepEqual(pidsOf(await status()), before)
  })

  it('stop and start a packed and a dedicated service; a stopped one stays so under the next daemon', async () => {
    const before = pidsOf(await status())
    assert.deepEqual(await fleet().json(['stop', 'alpha', 'own']), { stopped: ['alpha', 'own'] })
    for (const service of ['alpha', 'own']) await isRefused(service)
    const stopped = { alpha: 'stopped', beta: 'healthy', own: 'stopped' }
    assert.deepEqual(statesOf(await status()), stopped)
    process.kill(before['main-api']!, 'SIGKILL')
    await waitUntil('another daemon serves', async () => {
      const now = await status()
      return now.daemon.pid !== null && now.daemon.pid !== before['main-api']
    })
    const healthy = await becomes('beta', 'healthy')
    assert.deepEqual(statesOf(healthy), stopped)
    assert.equal(pidsOf(healthy)['mcp-host-0'], before['mcp-host-0'])
    assert.deepEqual(await fleet().json<Changes>(['apply']), { changes: [] })
    for (const service of ['alpha', 'own']) await isRefused(service)
    assert.equal((await fleet().run(['start', 'alpha', 'own'])).stdout, 'Started: alpha, own\n')
    for (const service of ['alpha', 'own']) await becomes(service, 'healthy')
  })

  it('restart a dedicated service by a new process, a packed one in place', async () => {
    const before = pidsOf(await status())
    await fleet().json(['restart', 'alpha', 'own'])
    await becomes('alpha', 'healthy')
    const after = pidsOf(await becomes('own', 'healthy'))
    assert.notEqual(after['mcp-own'], before['mcp-own'])
    assert.deepEqual({ ...after, 'mcp-own': 0 }, { ...before, 'mcp-own': 0 })
  })

  it('refuse names that the fleet does not have, and do nothing for the others', async () => {
    for (const verb of ['stop', 'start', 'restart']) {
      const { code, stdout } = await fleet().run([verb, 'alpha', 'nothere', '--json'])
      const { code: name, reason } = JSON.parse(stdout) as { code: string; reason: string }
      assert.deepEqual([code, name], [3, 'service_unknown'])
      assert.match(reason, /nothere/)
    }
    assert.equal(serviceOf(await status(), 'alpha')?.state, 'healthy')
  })

  it('keep a program out that goes on ending, with the evidence, and try it again on demand', async () => {
    const crash = `setTimeout(() => { console.log('about to fail'); process.exit(7) }, 300)`
    writeProgram(fleet().registry, 'loop', crash)
    fleet().configure('loop', { process: { script: 'program.cjs' } })
    const others = pidsOf(await status())
    await fleet().json(['apply'])
    const decisions = join(fleet().home, 'run', 'services.json')
    const evidence = async (attempts: number): Promise<Evidence> => {
      await waitUntil(`attempt ${attempts} is over`, () => {
        const { quarantined } = JSON.parse(readFileSync(decisions, 'utf8')) as {
          quarantined: Record<string, Evidence>
        }
        return quarantined['loop']?.attempts === attempts
      })
      const now = await becomes('loop', 'quarantined')
      const { quarantined } = JSON.parse(readFileSync(decisions, 'utf8'))
      assert.deepEqual(serviceOf(now, 'loop')?.since, quarantined.loop.since)
      assert.deepEqual({ ...pidsOf(now), 'mcp-loop': 0 }, { ...others, 'mcp-loop': 0 })
      assert.deepEqual(statesOf(now), { alpha: 'healthy', beta: 'healthy', own: 'healthy', loop: 'quarantined' }) // prettier-ignore
      return quarantined.loop as Evidence
    }
    const first = await evidence(1)
    assert.ok(first.causes.length >= 5 && first.causes.every((cause) => cause === 'exit 7'))
    assert.ok(first.lines.includes('about to fail'))
    await waitUntil('PM2 has forgotten it', async () => !(await processes()).includes('mcp-loop'))
    await fleet().json(['start', 'loop'])
    await evidence(2)
    writeProgram(fleet().registry, 'loop')
    await fleet().json(['start', 'loop'])
    await becomes('loop', 'healthy')
  })
})
