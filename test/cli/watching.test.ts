import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { useCleanup } from '../support/cleanup.ts'
import { useFleet } from '../support/fleet.ts'
import { writeProgram } from '../support/programs.ts'
import { waitUntil } from '../support/wait-until.ts'

const COMMAND = join(import.meta.dirname, '../../dist/cli/main.js')

/** Makes a terminal; package bsdutils. */
const TERMINAL = 'script'

type Line = Record<string, unknown>

/** One fleet for all that looks at a running one: its start is what costs. */
describe('watching a fleet', function () {
  this.timeout(60_000)
  const fleet = useFleet({ services: ['alpha', 'beta', 'own'], env: { BERTH_HOSTS: '1' } })
  let instanceUrl = ''
  const cleanUp = useCleanup()

  const callTool = (args: unknown) =>
    fetch(`${instanceUrl.replace(/.mcp$/, "")}/tools/get_item`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(args) }) // prettier-ignore

  before(async () => {
    writeProgram(fleet().registry, 'own', `console.log('own speaks'); console.error('own fails')`)
    fleet().configure('own', { process: { script: 'program.cjs' } })
    await fleet().json(['up'])
    await fleet().json(['user', 'add', 'anna@example.com'])
    const made = await fleet().json<{ instanceUrl: string }>(
      ['instance', 'create', '--user', 'anna@example.com', '--service', 'alpha'],
      { stdin: JSON.stringify({ api_key: 'key-of-anna' }) },
    )
    instanceUrl = made.instanceUrl
  })

  const logOf = async (service: string, ...options: string[]): Promise<Line[]> => {
    const { stdout, stderr, code } = await fleet().run(['logs', service, '--json', ...options])
    assert.equal(code, 0, stderr)
    return stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line) as Line) // prettier-ignore
  }

  it('logs shows what was logged of one service, though its host is shared', async () => {
    const answer = await callTool({})
    const requestId = answer.headers.get('x-request-id')
    const [line] = await waitUntil('the host has logged it', async () => {
      const lines = (await logOf('alpha')).filter(({ event }) => event === 'tool failed')
      return lines.length > 0 && lines
    })
    assert.deepEqual([line?.['process'], line?.['tool'], line?.['requestId']], ['mcp-host-0', 'get_item', requestId]) // prettier-ignore
    assert.deepEqual(
      (await logOf('beta')).filter(({ event }) => event === 'tool failed'),
      [],
    )
    const own = (await logOf('own')).map(({ level, event }) => [level, event])
    assert.deepEqual(own.sort(), [['error', 'own fails'], ['info', 'own speaks']]) // prettier-ignore
    assert.deepEqual(await logOf('own', '--grep', 'nothing of this'), [])
    assert.equal((await logOf('own', '--since', '10m', '-n', '1')).length, 1)
  })

  it('metrics are open to this machine, and to nobody behind a proxy without a token', async () => {
    const scrape = (headers: Record<string, string> = {}) => fetch(`${fleet().url}/metrics`, { headers }) // prettier-ignore
    const before = await (await callTool({})).text()
    assert.match(before, /isError/)
    const text = await waitUntil('it is counted', async () => {
      const said = await (await scrape()).text()
      return /berth_gateway_requests_total{service="alpha",status="2xx"} [1-9]/.test(said) && said
    })
    for (const expected of [
      /^berth_host_tool_calls_total{service="alpha",outcome="failed"} [1-9]/m,
      /^berth_host_resident_memory_bytes{host="mcp-own"} \d{7}/m,
      /^berth_host_cpu_seconds_total{host="mcp-host-0"} \d/m,
      /^berth_vault_opens_total{outcome="opened"} [1-9]/m,
      /^berth_database_query_duration_seconds_count{outcome="ok"} [1-9]/m,
      /^berth_database_connections{state="idle"} [1-9]/m,
      /^berth_services{state="healthy"} 3/m,
    ])
      assert.match(text, expected)
    assert.doesNotMatch(text, /anna|_user_[0-9a-f]{8}/)
    assert.equal((await scrape({ 'x-forwarded-for': '192.0.2.1' })).status, 401)
  })

  it('usage tells calls and errors by tool, as a table, JSON and CSV', async () => {
    const [sum] = await waitUntil('it is written', async () => {
      const { usage } = await fleet().json<{ usage: Line[] }>(['usage', '--by', 'tool'])
      return usage.length > 0 && usage
    })
    const { name, requests, errors, p95Ms } = sum ?? {}
    assert.deepEqual([name, requests === errors, typeof p95Ms], ['alpha/get_item', true, 'number'])
    const options = ['usage', '--user', 'anna@example.com', '--per', 'day', '--days', '2']
    const csv = (await fleet().run([...options, '--csv'])).stdout.split('\r\n')
    assert.match(csv[0] ?? '', /^at,name,requests,errors/)
    assert.match(csv[1] ?? '', /^\d{4}-\d\d-\d\dT00:00:00.000Z,alpha,\d/)
    assert.match((await fleet().run(options)).stdout, /AT +NAME.*\n.* alpha /)
    assert.equal((await fleet().run(['usage', '--user', 'nobody@example.com', '--csv'])).stdout, `${csv[0]}\r\n`) // prettier-ignore
    assert.deepEqual(await fleet().json(['usage', 'idle', '--days', '7']), { instances: [] })
  })

  it('top is a snapshot without a terminal', async () => {
    type Top = { services: Line[]; hosts: Line[] }
    const { services, hosts } = await fleet().json<Top>(['top'])
    assert.deepEqual(services.map(({ service, state }) => [service, state]).sort(), [
      ['alpha', 'healthy'],
      ['beta', 'healthy'],
      ['own', 'healthy'],
    ])
    assert.equal(hosts.length, 2)
    assert.match((await fleet().run(['top'])).stdout, /SERVICE +STATE +REQ\/S/)
  })

  it('top is live on a terminal, and leaves it as it was', async function () {
    const berth = `'${process.execPath}' '${COMMAND}' top --interval 0.5`
    const child = spawn(
      TERMINAL,
      ['-qec', `stty rows 10 cols 90; ${berth}; stty -a`, '/dev/null'],
      {
        env: { PATH: process.env['PATH'], TERM: 'xterm', ...fleet().env },
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    )
    const isThere = await Promise.race([
      once(child, 'spawn').then(() => true),
      once(child, 'error').then(() => false),
    ])
    if (!isThere) {
      console.warn('skipped: there is no "script" (package bsdutils) to make a terminal')
      this.skip()
    }
    cleanUp(() => Promise.resolve(child.kill()))
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const until = (pattern: RegExp) => waitUntil(String(pattern), () => pattern.test(said))
    await until(/alpha[^]*beta[^]*own/)
    child.stdin.write('/')
    await until(/\/_ {3}/)
    child.stdin.write('bet')
    child.stdin.write('\r')
    await until(/1-1 of 1 "bet"/)
    child.stdin.write('q')
    await once(child, 'exit')
    // The other screen is left, the cursor shown, and the terminal echoes again.
    assert.match(said, /\u001b\[\?25h\u001b\[\?1049l[^]*[^-]echo/)
  })

  type Event = { type: string; message: string }
  const eventsOf = async (service: string): Promise<Event[]> => {
    const { stdout } = await fleet().run(['events', '--service', service, '--json'])
    return stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line) as Event) // prettier-ignore
  }
  type Why = { host: string; timeline: { kind: string; text: string }[]; missing: string[] }
  const kindsOf = ({ timeline }: Why) => timeline.map(({ kind, text }) => `${kind} ${text}`)

  it('events and why tell what was done to a service, health how it was, also while the daemon is down', async () => {
    await fleet().run(['stop', 'beta'])
    await fleet().run(['start', 'beta'])
    await waitUntil('both are written', async () => (await eventsOf('beta')).length >= 2)
    const types = (await eventsOf('beta')).map(({ type }) => type)
    assert.deepEqual(types.slice(0, 2), ['service.stopped', 'service.started'])
    assert.ok((await eventsOf('alpha')).every(({ type }) => !type.startsWith('service.st')))
    const { services } = await fleet().json<{ services: { service: string; uptime: object }[] }>(['health']) // prettier-ignore
    assert.ok(services.every(({ uptime }) => 'day' in uptime))
    const why = await fleet().json<Why>(['why', 'beta'])
    assert.equal(why.host, 'mcp-host-0')
    assert.match(kindsOf(why).join('\n'), /event service.stopped[^]*event service.started[^]*probe Port \d+ answers now/) // prettier-ignore
    const { stdout } = await fleet().run(['why', 'alpha'])
    assert.match(stdout, /log {7}mcp-host-0: warn .*tool failed .*tool=/)
    await fleet().run(['down'])
    const down = await fleet().json<Why>(['why', 'beta'])
    assert.match(kindsOf(down).join('\n'), /event service.started[^]*probe Port \d+ does not answer as it should now \(refused\)/) // prettier-ignore
    assert.deepEqual(down.missing, [])
  })

  it('events, usage and webhook refuse names that nothing has, and name what was meant', async () => {
    await fleet().json(['up'])
    for (const [args, said] of [
      [['events', '--service', 'alpa'], /no service "alpa" \(did you mean alpha\?\)/],
      [['usage', '--service', 'alpa'], /did you mean alpha/],
      [['webhook', 'add', 'https://hooks.test/', '--service', 'alpa'], /did you mean alpha/],
      [
        ['events', '--type', 'service.sate'],
        /No event's type begins with "service.sate". Did you mean service.state/,
      ],
      [['webhook', 'add', 'https://hooks.test/', '--type', 'nothing.'], /There are: service\., /],
    ] as const) {
      const { code, stderr } = await fleet().run(args)
      assert.notEqual(code, 0, args.join(' '))
      assert.match(stderr, said)
    }
    rmSync(join(fleet().registry, 'beta'), { recursive: true })
    await fleet().json(['apply'])
    assert.equal((await fleet().run(['events', '--service', 'beta'])).code, 0, 'it is history')
  })

  it('logs refuses a service that is not there', async () => {
    const { code, stderr } = await fleet().run(['logs', 'alhpa'])
    assert.equal(code, 3)
    assert.match(stderr, /no service "alhpa"/)
  })
})
