import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { buildEcosystem, renderEcosystem } from '../../src/fleet/ecosystem.ts'
import { FINGERPRINT_VARIABLE } from '../../src/fleet/fingerprint.ts'
import { planHosts } from '../../src/fleet/plan.ts'
import type { Template } from '../../src/fleet/template.ts'
import type { AppSpec } from '../../src/model/fleet.ts'
import type { Service } from '../../src/model/service.ts'
import { makeService } from '../support/services.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const INSTALL = {
  packageRoot: '/opt/berth',
  registryDir: '/opt/berth/registry',
  version: '1.0.0',
  run: '/home/o/.berth/run',
  nodePath: '/usr/bin/node',
  logs: '/home/o/.berth/logs',
  daemonEnv: { PORT: '3000', BERTH_HOME: '/home/o/.berth' },
  hostEnv: { BERTH_HOME: '/home/o/.berth' },
  gateway: undefined as { processes: number; env: Record<string, string> } | undefined,
  passedOn: { JAVA_HOME: '/opt/java', EDITION: '2' },
}
const TEMPLATE: Template = {
  isolation: 'packed',
  daemon: { node_args: [], env: {} },
  gateway: { max_memory_restart: '512M', node_args: [], env: {} },
  hosts: { max_memory_restart: '1G', node_args: [], env: {} },
  services: {},
}
const SERVICES = [
  makeService({ name: 'anvils', port: 41_000 }),
  makeService({ name: 'bolts', port: 41_001 }),
  makeService({ name: 'clamps', port: 41_002 }),
  makeService({ name: 'drills', port: 41_003, process: { isolation: 'dedicated' } }),
]

const build = (
  services: readonly Service[] = SERVICES,
  template: Partial<Template> = {},
  install = INSTALL,
) =>
  buildEcosystem({
    install,
    template: { ...TEMPLATE, ...template },
    hosts: planHosts(services, { isolation: 'packed', hosts: 2 }),
    services,
  })

const appNamed = (apps: readonly AppSpec[], name: string): AppSpec => {
  const found = apps.find((app) => app.name === name)
  assert.ok(found, name)
  return found
}
/** The names of the apps that PM2 would have to replace. */
const changed = (before: readonly AppSpec[], after: readonly AppSpec[]): string[] =>
  after
    .filter(
      (app) =>
        appNamed(before, app.name).env[FINGERPRINT_VARIABLE] !== app.env[FINGERPRINT_VARIABLE],
    )
    .map(({ name }) => name)

describe('the ecosystem', () => {
  const temp = useTempFolder()

  it('has the gateway between daemon and hosts, when there shall be one', () => {
    const gateway = { processes: 3, env: { PORT: '3001', BERTH_HOME: '/home/o/.berth' } }
    const apps = build(SERVICES, {}, { ...INSTALL, gateway })
    const [daemon, own] = apps
    assert.deepEqual([daemon?.name, own?.name], ['main-api', 'gateway'])
    assert.deepEqual(own?.args, ['/opt/berth/dist/cli/main.js', 'gateway', '--processes', '3', '--max-memory', '512M']) // prettier-ignore
    assert.equal(own.env['PORT'], '3001')
    assert.equal(own.exec_mode, 'fork')
    const more = build(SERVICES, {}, { ...INSTALL, gateway: { ...gateway, processes: 4 } })
    assert.deepEqual(changed(apps, more), ['gateway'])
  })

  it('has the daemon first, then every host, each with its program', () => {
    const apps = build()
    assert.deepEqual(
      apps.map(({ name, args }) => [name, ...args]),
      [
        ['main-api', '/opt/berth/dist/main.js'],
        ['mcp-host-0', '/opt/berth/dist/services/mcp/main.js'],
        ['mcp-host-1', '/opt/berth/dist/services/mcp/main.js'],
        ['mcp-drills', '/opt/berth/dist/services/mcp/main.js'],
      ],
    )
    assert.ok(apps.every(({ script }) => script === '/usr/bin/node'))
  })

  it('tells a packed host its services, and a dedicated one its service and port', () => {
    const environment = (name: string) => {
      const { [FINGERPRINT_VARIABLE]: fingerprint, ...env } = appNamed(build(), name).env
      assert.ok(fingerprint)
      return env
    }
    const ofHost = (name: string) => ({
      BERTH_HOME: '/home/o/.berth',
      BERTH_CONTROL_SOCKET: `/home/o/.berth/run/${name}.sock`,
      BERTH_SERVED_FILE: `/home/o/.berth/run/${name}.json`,
      BERTH_CRASH_FILE: `/home/o/.berth/run/${name}.crash.json`,
      BERTH_WORK_FILE: `/home/o/.berth/run/${name}.working`,
      SERVICE_MODE: 'shared',
    })
    assert.deepEqual(environment('mcp-host-0'), { ...ofHost('mcp-host-0'), MCP_TYPES: 'anvils,clamps' }) // prettier-ignore
    assert.deepEqual(environment('mcp-drills'), { ...ofHost('mcp-drills'), MCP_TYPE: 'drills', PORT: '41003' }) // prettier-ignore
    assert.deepEqual(environment('main-api'), INSTALL.daemonEnv)
  })

  it('is the same, byte for byte, for the same input in any order', () => {
    const text = renderEcosystem(build())
    assert.equal(renderEcosystem(build()), text)
    assert.equal(renderEcosystem(build(SERVICES.toReversed())), text)
  })

  it('reads back as what it was made from', () => {
    const file = join(temp(), 'ecosystem.config.cjs')
    writeFileSync(file, renderEcosystem(build()))
    const read = createRequire(import.meta.url)(file) as unknown
    assert.deepEqual(read, { apps: build() })
  })

  it('replaces no process when services change: hosts take them while they run', () => {
    const bolts = makeService({ name: 'bolts', port: 41_001, description: 'Sells more.' })
    const eyelets = makeService({ name: 'eyelets', port: 41_004 })
    assert.deepEqual(changed(build(), build([...SERVICES.with(1, bolts), eyelets])), [])
  })

  it('replaces a program of the operator’s own when its service changes, and nothing else', () => {
    const own = (over: Partial<Service>) =>
      SERVICES.with(1, makeService({ name: 'bolts', port: 41_001, process: { script: 'own.js' }, ...over })) // prettier-ignore
    const apps = build(own({}))
    assert.equal(appNamed(apps, 'mcp-bolts').args.at(-1), '/opt/berth/registry/bolts/own.js')
    assert.deepEqual(changed(apps, build(own({ description: 'Sells more.' }))), ['mcp-bolts'])
  })

  it('runs several processes of a service behind one launcher, which is replaced when the service changes', () => {
    const many = (over: Partial<Service> = {}) =>
      SERVICES.with(1, makeService({ name: 'bolts', port: 41_001, process: { instances: 3, maxMemory: '150M' }, ...over })) // prettier-ignore
    const app = appNamed(build(many()), 'mcp-bolts')
    assert.deepEqual(app.args, [
      '/opt/berth/dist/services/cluster/main.js',
      '3',
      String(150 * 1024 ** 2),
      '/opt/berth/dist/services/mcp/main.js',
    ])
    assert.equal('BERTH_CONTROL_SOCKET' in app.env, false, 'one cannot speak for the others')
    assert.deepEqual(changed(build(many()), build(many({ description: 'More.' }))), ['mcp-bolts'])
  })

  it('passes a variable on to the service that asks for it by name, and to no other', () => {
    const asking = makeService({ name: 'bolts', port: 41_001, process: { env: ['EDITION', 'NOWHERE'] } }) // prettier-ignore
    const apps = build(SERVICES.with(1, asking))
    const { EDITION, JAVA_HOME } = appNamed(apps, 'mcp-bolts').env
    assert.deepEqual([EDITION, JAVA_HOME], ['2', undefined])
    assert.ok(apps.every(({ name, env }) => name === 'mcp-bolts' || !('EDITION' in env)))
  })

  it('replaces every process when another version is installed', () => {
    const next = { ...INSTALL, version: '1.0.1' }
    assert.deepEqual(changed(build(), build(SERVICES, {}, next)).length, build().length)
  })

  it('replaces what the template changes', () => {
    const daemon = { ...TEMPLATE.daemon, max_memory_restart: '512M' }
    assert.deepEqual(changed(build(), build(SERVICES, { daemon })), ['main-api'])
    const hosts = { ...TEMPLATE.hosts, env: { LANG: 'C' } }
    assert.deepEqual(changed(build(), build(SERVICES, { hosts })), ['mcp-host-0', 'mcp-host-1', 'mcp-drills']) // prettier-ignore
  })

  it("lays a dedicated service's own settings over those of all hosts", () => {
    const hosts = { max_memory_restart: '1G', node_args: ['--enable-source-maps'], env: { A: '1', B: '1' }, out_file: '/var/log/hosts.log' } // prettier-ignore
    const services = { drills: { env: { B: '2' }, error_file: '/var/log/drills.log' } }
    const app = appNamed(build(SERVICES, { hosts, services }), 'mcp-drills')
    assert.deepEqual([app.env['A'], app.env['B']], ['1', '2'])
    assert.deepEqual(app.args.slice(0, -1), ['--enable-source-maps'])
    const own = { drills: { node_args: ['--max-old-space-size=64'] } }
    const alone = appNamed(build(SERVICES, { hosts, services: own }), 'mcp-drills')
    assert.deepEqual(alone.args.slice(0, -1), ['--max-old-space-size=64'])
    assert.deepEqual([app.out_file, app.error_file], ['/var/log/hosts.log', '/var/log/drills.log'])
    assert.equal(app.max_memory_restart, '1G')
  })

  it("takes a service's memory from the template, then from its config, then from the hosts", () => {
    const drills = makeService({ name: 'drills', port: 41_003, process: { isolation: 'dedicated', maxMemory: '150M' } }) // prettier-ignore
    const memory = (template: Partial<Template>) =>
      appNamed(build(SERVICES.with(3, drills), template), 'mcp-drills').max_memory_restart
    assert.equal(memory({}), '150M')
    assert.equal(memory({ services: { drills: { max_memory_restart: '200M' } } }), '200M')
    assert.equal(appNamed(build(), 'mcp-drills').max_memory_restart, '1G')
  })

  it('does not lay the settings of one service over the packed host that serves it', () => {
    const services = { anvils: { max_memory_restart: '10M', env: { ONLY: 'anvils' } } }
    const app = appNamed(build(SERVICES, { services }), 'mcp-host-0')
    assert.equal(app.max_memory_restart, '1G')
    assert.equal(app.env['ONLY'], undefined)
  })

  it('says nothing of memory when the template has no bound', () => {
    const app = appNamed(build(), 'main-api')
    assert.ok(!('max_memory_restart' in app))
    assert.equal(app.out_file, '/home/o/.berth/logs/main-api.log')
  })
})
