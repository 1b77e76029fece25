import assert from 'node:assert/strict'
import { pressKey } from '../../../src/cli/top/keys.ts'
import { toRows, type TopRow } from '../../../src/cli/top/rows.ts'
import { splitKeys } from '../../../src/cli/top/screen.ts'
import { START, type Selection } from '../../../src/cli/top/selection.ts'
import { extentOf, renderTop } from '../../../src/cli/top/view.ts'
import { addLatency, emptyBuckets } from '../../../src/model/latency.ts'
import { createTrafficCounter } from '../../../src/model/traffic.ts'
import { liveTraffic, type LiveTraffic } from '../../../src/model/live-traffic.ts'
import { FLEET } from '../../support/api.ts'

const SIZE = { columns: 100, rows: 24 }

const row = (n: number, over: Partial<TopRow> = {}): TopRow => ({
  service: `service-${String(n).padStart(3, '0')}`,
  state: 'healthy',
  host: `mcp-host-${n % 2}`,
  restarts: 0,
  requestsPerSecond: n,
  errorsPerSecond: 0,
  p95Ms: null,
  inFlight: 0,
  memoryBytes: 2 ** 27,
  ...over,
})

const shown = (rows: readonly TopRow[]) => ({ status: FLEET, rows, at: new Date(0) })
const ALL = Array.from({ length: 374 }, (_, n) => row(n))
const plain = (line: string) => line.replaceAll(/\u001b\[\d*m/g, '')

/** The names on the screen, after some keys. */
const after = (keys: readonly string[], rows = ALL, size = SIZE) => {
  let selection: Selection = START
  for (const key of keys) {
    const pressed = pressKey(selection, key, extentOf(shown(rows), selection, size))
    assert.notEqual(pressed, 'quit')
    selection = pressed as Selection
  }
  const lines = renderTop(shown(rows), selection, size).map(plain)
  const names = lines.slice(3, -1).map((line) => line.split(' ')[0] ?? '')
  return { lines, names: names.filter((name) => name !== ''), selection }
}

describe('the screen of berth top', () => {
  it('has as many lines as the terminal, none wider, at every size', () => {
    for (const [columns, rows] of [
      [100, 24],
      [20, 10],
      [300, 500],
      [80, 5],
      [1, 1],
    ] as const) {
      // prettier-ignore
      const { lines } = after([], ALL, { columns, rows })
      assert.equal(lines.length, rows, `${columns}x${rows}`)
      assert.ok(lines.every((line) => line.length <= columns), `${columns}x${rows}`) // prettier-ignore
    }
  })

  it('shows the busiest first, and the rest by scrolling, no further than to the end', () => {
    assert.deepEqual(after([]).names.slice(0, 2), ['service-373', 'service-372'])
    assert.equal(after([]).names.length, 20)
    assert.equal(after(['j', '\u001b[B', 'k']).names[0], 'service-372')
    assert.equal(after([' ']).names[0], 'service-353')
    assert.deepEqual(after(['G', 'j', 'j']).names.slice(-1), ['service-000'])
    assert.equal(after(['G', 'g', 'k']).names[0], 'service-373')
    assert.match(after(['G']).lines.at(-1) ?? '', /^355-374 of 374/)
  })

  it('sorts and filters', () => {
    const rows = [row(1, { p95Ms: 900 }), row(2, { state: 'unhealthy' }), row(3, { errorsPerSecond: 1 }), row(0)] // prettier-ignore
    assert.equal(after(['s'], rows).names[0], 'service-001')
    assert.equal(after(['s', 's'], rows).names[0], 'service-003')
    assert.equal(after(['s', 's', 's', 's', 's'], rows).names[0], 'service-002')
    assert.equal(after(['r'], rows).names[0], 'service-000')
    assert.deepEqual(after(['f'], rows).names, ['service-002'])
    assert.deepEqual(after(['f', 'f'], rows).names, ['service-003', 'service-002', 'service-001'])
    assert.match(after(['s']).lines[2] ?? '', /vP95/)
  })

  it('searches by name and host while one types; enter keeps, escape clears', () => {
    assert.deepEqual(after(['/', '3', '7', '0']).names, ['service-370'])
    assert.deepEqual(after(['/', '370']).names, ['service-370'])
    assert.match(after(['/', 'q']).lines.at(-1) ?? '', /^\/q_/)
    assert.equal(after(['/', 'x', '\u007f', '371', '\r', 'j']).names[0], 'service-371')
    assert.equal(after(['/', '371', '\u001b']).names.length, 20)
    assert.match(after(['/', 'nothing', '\r']).lines.at(-1) ?? '', /^nothing found/)
    assert.equal(after(['/', 'host-1']).names[1], 'service-371')
  })

  it('ends with q and ctrl-c, the latter in a search too', () => {
    const extent = { found: 1, fitting: 1 }
    assert.equal(pressKey(START, 'q', extent), 'quit')
    assert.equal(pressKey({ ...START, isSearching: true }, '\u0003', extent), 'quit')
    assert.notEqual(pressKey({ ...START, isSearching: true }, 'q', extent), 'quit')
  })
})

describe('the keys of a terminal', () => {
  it('are taken one by one, however they come together', () => {
    assert.deepEqual(splitKeys('bet\r\u001b[5~\u001b[Aq\u001b'), ['b', 'e', 't', '\r', '\u001b[5~', '\u001b[A', 'q', '\u001b']) // prettier-ignore
  })
})

describe('the rates of berth top', () => {
  const service = (name: string) => ({ service: name, port: 1, host: 'h', pid: 1, state: 'healthy' as const, since: '', restarts: 2 }) // prettier-ignore
  const status = { ...FLEET, services: [service('figma'), service('idle')] }
  const traffic = (second: number, requests: number, since = 'a'): LiveTraffic => {
    const latency = emptyBuckets()
    for (let n = 0; n < requests; n++) addLatency(latency, 40)
    return { at: new Date(second * 1000).toISOString(), since, boundsMs: [], services: [{ service: 'figma', requests, errors: requests / 10, inFlight: 1, latency }] } // prettier-ignore
  }

  it('are those between two looks', () => {
    const [figma, idle] = toRows(status, traffic(10, 100), traffic(15, 200))
    assert.deepEqual([figma?.requestsPerSecond, figma?.errorsPerSecond, figma?.inFlight], [20, 2, 1]) // prettier-ignore
    assert.ok((figma?.p95Ms ?? 0) > 25 && (figma?.p95Ms ?? 0) <= 50)
    assert.deepEqual([idle?.requestsPerSecond, idle?.p95Ms, idle?.restarts], [0, null, 2])
  })

  it('of a daemon that started meanwhile begin with it', () => {
    const since = new Date(13_000).toISOString()
    const [figma] = toRows(status, traffic(10, 5_000), traffic(15, 100, since))
    assert.equal(figma?.requestsPerSecond, 50)
  })

  it('come from what the gateway counts', () => {
    const counter = createTrafficCounter()
    counter.begin('figma')
    counter.end('figma', { status: 200, isError: false, isStream: false, latencyMs: 7 })
    const [figma] = liveTraffic(counter).services
    assert.deepEqual([figma?.requests, figma?.errors, figma?.inFlight, figma?.latency[3]], [1, 0, 0, 1]) // prettier-ignore
  })
})
