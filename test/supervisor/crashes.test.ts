import assert from 'node:assert/strict'
import type { Fields } from '../../src/base/log-line.ts'
import { logThrough } from '../../src/base/log.ts'
import type { Evidence, Exit } from '../../src/model/crash.ts'
import type { FleetEvent } from '../../src/model/event.ts'
import { CRASH_LIMITS, createCrashPolicy } from '../../src/supervisor/crash-policy.ts'
import { createCrashes } from '../../src/supervisor/crashes.ts'
import { createOperations } from '../../src/supervisor/operations.ts'
import type { Decisions } from '../../src/supervisor/state-file.ts'
import { createWanted, type Fleet } from '../../src/supervisor/wanted.ts'
import { makeApp } from '../support/apps.ts'
import { makeService } from '../support/services.ts'

const START = Date.parse('2026-01-02T03:04:05Z')
const LIMIT = CRASH_LIMITS.exitsPerService

/** `a`, `b` and what is not isolated live in a packed host, `c` in its own. */
const fleetOf = (isolated: readonly string[] = []): Fleet => {
  const alone = ['c', ...isolated]
  const hosts = [
    { name: 'mcp-host-0', names: ['a', 'b'].filter((name) => !alone.includes(name)) },
    ...alone.map((name) => ({ name: `mcp-${name}`, names: [name] })),
  ]
  return {
    services: ['a', 'b', 'c'].map((name, index) => makeService({ name, port: 41_000 + index })),
    hosts: hosts.map(({ name, names }) => ({
      name,
      kind: name === 'mcp-host-0' ? 'packed' : 'dedicated',
      services: names.map((service) => ({ name: service, port: 0 })),
    })),
    apps: hosts.map(({ name }) => makeApp(name)),
    leftOut: [],
  }
}

const evidence = (retryAt: number, attempts = 1): Evidence => ({
  since: '',
  retryAt: new Date(retryAt).toISOString(),
  attempts,
  causes: [],
  lines: [],
})

const setUp = (kept: Partial<Decisions> = {}) => {
  const clock = { ms: START }
  const now = () => clock.ms
  const state: { kept: Decisions } = {
    kept: { stopped: [], isolated: [], quarantined: {}, ...kept },
  }
  const wanted = createWanted(fleetOf(state.kept.isolated), {
    publish: () => undefined,
    decisions: { read: () => state.kept, write: (decisions) => (state.kept = decisions) },
  })
  const entries: Fields[] = []
  const events: FleetEvent[] = []
  const recordEvent = (event: FleetEvent) => events.push(event)
  const policy = createCrashPolicy({ limits: CRASH_LIMITS, now, random: () => 0.5 })
  const log = logThrough((_level, fields) => entries.push(fields), 'test')
  const loadFleet = (isolated: readonly string[]) => Promise.resolve(fleetOf(isolated))
  const crashes = createCrashes({ policy, wanted, loadFleet, now, recordEvent, log })
  const nothing = { steps: [], lines: [] }
  const operations = createOperations({
    wanted,
    policy,
    loadFleet,
    recordEvent,
    inTurn: (work) => work(),
    reconciler: {
      difference: () => Promise.resolve(nothing),
      reconcile: () => Promise.resolve([]),
      restart: () => Promise.resolve(),
    },
  })
  const exits = (host: string, times: number, culprit?: string): Exit[] =>
    Array.from({ length: times }, () => ({ at: now(), host, cause: 'exit 7', culprit, lines: [] }))
  return { crashes, operations, wanted, state, clock, exits, entries, events }
}
const servedOf = (wanted: ReturnType<typeof setUp>['wanted']) =>
  Object.fromEntries(wanted.hosts().map(({ spec, services }) => [spec.name, services.map(({ name }) => name).join()])) // prettier-ignore

describe('the ends of processes', () => {
  it('keep a dedicated service out, and say so once with the evidence', async () => {
    const { crashes, wanted, state, exits, entries, events } = setUp()
    assert.equal(await crashes.take(exits('mcp-c', LIMIT - 1)), false)
    assert.equal(await crashes.take(exits('mcp-c', 4)), true)
    assert.equal(state.kept.quarantined['c']?.attempts, 1, 'what comes after counts no more')
    assert.deepEqual(servedOf(wanted), { 'mcp-host-0': 'a,b' })
    assert.equal(wanted.portOf('c'), undefined)
    const said = entries.filter(({ event }) => event === 'service quarantined')
    assert.deepEqual(said.map(({ service }) => service), ['c']) // prettier-ignore
    const told = events.map(({ type, service }) => `${type} ${service}`)
    assert.deepEqual(told, [
      ...Array<string>(LIMIT).fill('service.restarted c'),
      'service.quarantined c',
    ])
    assert.deepEqual(events[0]?.data, { host: 'mcp-c', cause: 'exit 7' })
  })

  it('move a culprit into a host of its own, where it is judged alone', async () => {
    const { crashes, wanted, state, exits } = setUp()
    assert.equal(await crashes.take(exits('mcp-host-0', 9)), false, 'nobody knows whose fault')
    assert.equal(await crashes.take(exits('mcp-host-0', 3, 'b')), true)
    assert.deepEqual(state.kept.isolated, ['b'])
    assert.deepEqual(servedOf(wanted), { 'mcp-host-0': 'a', 'mcp-c': 'c', 'mcp-b': 'b' })
    await crashes.take(exits('mcp-b', LIMIT))
    assert.deepEqual(servedOf(wanted), { 'mcp-host-0': 'a', 'mcp-c': 'c' })
  })
})

describe('a quarantine', () => {
  it('ends when its time has come, for few services at a time', () => {
    const quarantined = Object.fromEntries(
      Array.from({ length: 6 }, (_, n) => [`s${n}`, evidence(START + 1_000)]),
    )
    const { crashes, state, clock } = setUp({ quarantined })
    assert.equal(crashes.retryDue(), false)
    clock.ms += 1_000
    const left = () => Object.keys(state.kept.quarantined).length
    assert.deepEqual([crashes.retryDue(), left()], [true, 2])
    assert.deepEqual([crashes.retryDue(), left()], [true, 0])
    assert.equal(crashes.retryDue(), false)
  })

  it('of a daemon before this one goes on with its attempts', async () => {
    const { crashes, state, exits } = setUp({ quarantined: { c: evidence(START, 3) } })
    crashes.retryDue()
    await crashes.take(exits('mcp-c', 1))
    assert.equal(state.kept.quarantined['c']?.attempts, 4)
  })

  it('that the operator ends is followed by a trial, which does not last', async () => {
    for (const [lived, attempts] of [[CRASH_LIMITS.wellMs - 1, 3], [CRASH_LIMITS.wellMs, undefined]]) {
      const { crashes, operations, state, exits, clock } = setUp({
        quarantined: { c: evidence(START + 1e6, 2) },
      })
      await operations.startServices(['c'])
      assert.deepEqual(state.kept.quarantined, {})
      clock.ms += lived ?? 0
      await crashes.take(exits('mcp-c', 1))
      assert.equal(state.kept.quarantined['c']?.attempts, attempts)
    }
  }) // prettier-ignore

  it('is no reason for a trial of another that was merely stopped', async () => {
    const { crashes, operations, state, exits } = setUp({ stopped: ['c'] })
    await operations.startServices(['c'])
    await crashes.take(exits('mcp-c', 1))
    assert.deepEqual(state.kept, { stopped: [], stoppedAt: {}, isolated: [], quarantined: {} })
  })
})
