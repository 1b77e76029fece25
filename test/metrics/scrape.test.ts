import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Measured } from '../../src/metrics/families.ts'
import { createScrape, familiesOf } from '../../src/metrics/scrape.ts'
import type { FleetStatus } from '../../src/model/fleet.ts'
import { createMeters } from '../../src/model/meters.ts'
import { FLEET } from '../support/api.ts'

const MONITORING = join(import.meta.dirname, '../../docs/monitoring')
const PROMTOOL = 'promtool'

const measured = (services = ['figma', 'github']): Measured => {
  const meters = createMeters()
  for (const service of services) {
    meters.traffic.begin(service)
    meters.traffic.begin(service)
    meters.traffic.end(service, { status: 200, isError: false, isStream: false, latencyMs: 30 })
  }
  meters.refusals.count('not_found')
  meters.callers.count('token')
  meters.unknownCallers.count('unknown')
  meters.exits.count('SIGKILL')
  meters.verdicts.count('leave')
  meters.vault.count('opened', 3)
  meters.rotations.count('done')
  meters.queries.add(2)
  meters.cutoverRequests.count('shared')
  const status: FleetStatus = {
    ...FLEET,
    services: services.map((service, index) => ({
      service, port: 40_000 + index, host: 'mcp-host-0', pid: 1, state: 'healthy', since: '', restarts: 0,
    })), // prettier-ignore
    hosts: [{ name: 'mcp-host-0', pid: 1, state: 'online', services: 2, memoryBytes: 1, restarts: 4 }], // prettier-ignore
  }
  const loop = { meanMs: 1, maxMs: 12, utilization: 0.25 }
  const calls = { figma: { calls: 5, errors: 2 } }
  const hosts = [{ host: 'mcp-host-0', residentBytes: 1024, cpuSeconds: 1.5, loop, calls }]
  return { meters, status, hosts, pool: { total: 3, idle: 2, waiting: 0 }, isRotating: false, migrated: new Map([['moved', 9], ['expired', 2]]) } // prettier-ignore
}

const scrapeOf = (given: Measured) => createScrape('1.2.3', () => Promise.resolve(given))()

const runPromtool = (context: Mocha.Context, args: string[], input = '') => {
  const { status, stderr, stdout, error } = spawnSync(PROMTOOL, args, { input, encoding: 'utf8' })
  if (error) {
    console.warn(`skipped: ${PROMTOOL} is not installed (package prometheus)`)
    context.skip()
  }
  return { status, said: `${stdout}${stderr}` }
}

describe('the metrics', () => {
  it('are in the text format, counters and buckets as they were counted', async () => {
    const text = await scrapeOf(measured())
    for (const line of [
      'berth_gateway_requests_total{service="figma",status="2xx"} 1',
      'berth_gateway_requests_in_flight{service="github"} 1',
      'berth_gateway_request_duration_seconds_bucket{service="figma",le="0.025"} 0',
      'berth_gateway_request_duration_seconds_bucket{service="figma",le="0.05"} 1',
      'berth_gateway_request_duration_seconds_bucket{service="figma",le="+Inf"} 1',
      'berth_gateway_request_duration_seconds_sum{service="figma"} 0.03',
      'berth_gateway_refused_total{code="not_found"} 1',
      'berth_services{state="healthy"} 2',
      'berth_service_up{service="figma"} 1',
      'berth_host_event_loop_delay_max_seconds{host="mcp-host-0"} 0.012',
      'berth_host_tool_calls_total{service="figma",outcome="failed"} 2',
      'berth_supervisor_exits_total{cause="SIGKILL"} 1',
      'berth_vault_opens_total{outcome="opened"} 3',
      'berth_database_connections{state="busy"} 1',
      'berth_authentications_total{kind="instance"} 2',
      'berth_migration_instances_total{outcome="moved"} 9',
      'berth_cutover_requests_total{way="shared"} 1',
      'berth_build_info{version="1.2.3"} 1',
    ])
      assert.ok(text.split('\n').includes(line), `${line} is not in\n${text}`)
    assert.match(text, /^process_cpu_seconds_total \d/m)
  })

  it('have few series for many services, and none for those without requests', () => {
    const names = Array.from({ length: 2_600 }, (_, n) => `service-${n}`)
    const seriesOf = (given: Measured) => familiesOf(given).reduce((sum, { read }) => sum + read().length, 0) // prettier-ignore
    const all = measured(names)
    assert.ok(seriesOf(all) < 2_600 * 25, String(seriesOf(all)))
    assert.ok(seriesOf({ ...all, meters: createMeters() }) < 2_600 + 100)
  })

  it('pass promtool', async function () {
    this.timeout(20_000)
    const { status, said } = runPromtool(this, ['check', 'metrics'], await scrapeOf(measured()))
    // Of Node's own metrics some are named against the convention; they come from prom-client.
    const ours = said.split('\n').filter((line) => line.startsWith('berth_'))
    assert.deepEqual(ours, [], `promtool ended with ${status}`)
  })
})

describe('the dashboard and the alert rules', () => {
  const read = (file: string) => readFileSync(join(MONITORING, file), 'utf8')
  const named = (text: string) => new Set(text.match(/\b(berth|process|nodejs)_[a-z0-9_]+\b/g))

  it('name metrics that exist, with labels that they have', async () => {
    const text = await scrapeOf(measured())
    const labels = new Set([...text.matchAll(/(\w+)="/g)].map(([, label]) => label))
    for (const file of ['grafana-dashboard.json', 'alerts.yaml']) {
      for (const name of named(read(file)))
        assert.match(text, new RegExp(`^${name}[ {]`, 'm'), `${file}: ${name}`)
      for (const [, by = ''] of read(file).matchAll(/ by \(([^)]*)\)/g))
        for (const label of by.split(',')) assert.ok(labels.has(label.trim()), `${file}: ${label}`)
    }
  })

  it('is a dashboard that Grafana can load: panels with targets, in a grid, numbered', () => {
    type Panel = { id: number; title: string; gridPos: { x: number; w: number }; targets: { expr: string }[] } // prettier-ignore
    const { panels, schemaVersion } = JSON.parse(read('grafana-dashboard.json')) as { panels: Panel[]; schemaVersion: number } // prettier-ignore
    assert.ok(schemaVersion > 30)
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
    for (const { title, targets, gridPos } of panels) {
      assert.ok(targets.every(({ expr }) => expr.length > 0) && targets.length > 0, title)
      assert.ok(gridPos.x + gridPos.w <= 24, title)
    }
  })

  it('pass promtool', function () {
    this.timeout(20_000)
    const { status, said } = runPromtool(this, ['check', 'rules', join(MONITORING, 'alerts.yaml')])
    assert.equal(status, 0, said)
  })
})
