import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import type { Fields } from '../../src/base/log-line.ts'
import { logThrough } from '../../src/base/log.ts'
import type { FleetEvent } from '../../src/model/event.ts'
import type { HostPlan } from '../../src/model/fleet.ts'
import type { Service } from '../../src/model/service.ts'
import { CRASH_LIMITS, createCrashPolicy } from '../../src/supervisor/crash-policy.ts'
import type { ManagedProcess } from '../../src/supervisor/reconciler.ts'
import { createSupervisor, type Supervisor } from '../../src/supervisor/supervisor.ts'
import type { Decisions } from '../../src/supervisor/state-file.ts'
import type { Fleet } from '../../src/supervisor/wanted.ts'
import { makeApp } from '../support/apps.ts'
import { createFakeProcesses, PRINT } from '../support/fake-processes.ts'
import { makeService } from '../support/services.ts'
import { waitUntil } from '../support/wait-until.ts'

type Hosts = Record<string, string[]>

const service = (name: string, displayName = ''): Service => makeService({ name, displayName })

/** A fleet of hosts and the services of each; a host of one service is a dedicated one. */
const fleetOf = (hosts: Hosts, { print = 'x', edition = '' } = {}): Fleet => ({
  services: Object.values(hosts).flatMap((names) => names.map((name) => service(name, edition))),
  hosts: Object.entries(hosts).map(([name, services]): HostPlan => {
    const kind = services.length === 1 ? 'dedicated' : 'packed'
    return { name, kind, services: services.map((one) => ({ name: one, port: 41_000 })) }
  }),
  apps: Object.keys(hosts).map((name) => makeApp(name, { env: { [PRINT]: print } })),
  leftOut: [],
})

const HOSTS: Hosts = { 'mcp-host-0': ['a', 'b'], 'mcp-c': ['c'] }

const supervisors: Supervisor<ManagedProcess>[] = []

const supervise = (initial = fleetOf(HOSTS), intervalMs = 60_000) => {
  const fake = createFakeProcesses()
  const entries: Fields[] = []
  const events: FleetEvent[] = []
  const touched: { hosts?: readonly string[]; services?: readonly string[] }[] = []
  const state = {
    next: initial,
    kept: { stopped: [], isolated: [], quarantined: {} } as Decisions,
    culprit: undefined as string | undefined,
  }
  const supervisor = createSupervisor(initial, {
    processes: fake.manager,
    isHost: (name) => name.startsWith('mcp-'),
    onTouched: (what) => touched.push(what),
    openChannel: fake.openChannel,
    rules: {
      fingerprintOf: (spec) => spec.env[PRINT] ?? '',
      fingerprintIn: (env) => String(env[PRINT]),
      changedSettings: (before, after) => (before === after ? [] : [`env.${PRINT}`]),
    },
    publish: (_fleet, hosts) => {
      for (const host of hosts) fake.published.set(host.spec.name, host.services)
    },
    decisions: { read: () => state.kept, write: (kept) => (state.kept = kept) },
    loadFleet: () => Promise.resolve(state.next),
    policy: createCrashPolicy({ limits: CRASH_LIMITS, now: Date.now, random: () => 0.5 }),
    autopsy: () => ({ cause: 'SIGKILL', culprit: state.culprit, lines: ['the last words'] }),
    intervalMs,
    recordEvent: (event) => events.push(event),
    log: logThrough((_level, fields) => entries.push(fields), 'test'),
  })
  supervisors.push(supervisor)
  /** Runs the whole of the initial fleet, as an earlier daemon left it. */
  const runAll = (): void => {
    fake.run('mcp-host-0', 'x', [service('a'), service('b')])
    fake.run('mcp-c', 'x', [service('c')])
  }
  return { ...fake, supervisor, state, entries, events, touched, runAll }
}

const names = (processes: readonly { name: string }[]) => processes.map(({ name }) => name)

describe('the supervisor', () => {
  afterEach(async () => {
    for (const supervisor of supervisors.splice(0)) await supervisor.stop()
  })

  it('starts a fleet that is not there, after ending what holds its ports', async () => {
    const { supervisor, actions } = supervise()
    await supervisor.start()
    const done = actions.filter((action) => action !== 'list')
    assert.deepEqual(done, ['orphans mcp-host-0,mcp-c', 'start mcp-host-0', 'start mcp-c'])
    assert.deepEqual(names(supervisor.processes()), ['mcp-host-0', 'mcp-c'])
    assert.equal(supervisor.portOf('c'), 41_000)
    assert.equal(supervisor.portOf('nobody'), undefined)
  })

  it('adopts what runs as wanted', async () => {
    const { supervisor, runAll, acted } = supervise()
    runAll()
    await supervisor.start()
    assert.deepEqual(acted(), [])
    assert.equal(supervisor.processes().length, 2)
  })

  it('removes surplus and duplicates, and never touches what is foreign', async () => {
    const { supervisor, run, runAll, acted } = supervise()
    for (const foreign of ['main-api', 'of-somebody']) run(foreign, 'x')
    runAll()
    run('mcp-host-0', 'old')
    run('mcp-gone', 'x')
    await supervisor.start()
    assert.deepEqual(acted().sort(), ['remove 4', 'remove 5'])
    assert.deepEqual(names(supervisor.processes()), ['mcp-host-0', 'mcp-c'])
  })

  it('plans without doing, and applies what it planned', async () => {
    const { supervisor, runAll, acted, state, served } = supervise()
    runAll()
    await supervisor.start()
    state.next = fleetOf(HOSTS, { edition: 'second' })
    const plan = await supervisor.plan()
    assert.deepEqual(plan.changes.map(({ action, name, fields }) => [action, name, ...fields]), [
      ['change', 'a', 'displayName'],
      ['change', 'b', 'displayName'],
      ['change', 'c', 'displayName'],
    ]) // prettier-ignore
    assert.deepEqual(acted(), [])
    assert.deepEqual(await supervisor.apply(), plan)
    assert.deepEqual(acted(), ['change mcp-host-0 +a +b', 'change mcp-c +c'])
    assert.deepEqual(served.get('mcp-c'), [service('c', 'second')])
    assert.deepEqual((await supervisor.plan()).changes, [])
    state.next = fleetOf(HOSTS, { edition: 'second', print: 'y' })
    await supervisor.apply()
    assert.deepEqual(acted(), ['remove 0', 'remove 1', 'start mcp-host-0', 'start mcp-c'])
  })

  it('tells whose health is to be looked at anew: hosts with another process, services with another config', async () => {
    const { supervisor, runAll, state, touched } = supervise()
    runAll()
    await supervisor.start()
    assert.deepEqual(touched.splice(0), [{ hosts: ['mcp-host-0', 'mcp-c'] }])
    state.next = fleetOf({ ...HOSTS, 'mcp-c': ['c'] }, { edition: 'second' })
    await supervisor.apply()
    assert.deepEqual(touched.splice(0), [{ services: ['a', 'b', 'c'] }])
    await supervisor.restart(['a'])
    assert.deepEqual(touched.splice(0), [{ services: ['a'] }])
    await supervisor.restart(['c'])
    assert.deepEqual(touched, [{ hosts: ['mcp-c'] }])
  })

  it('goes on with the rest when a host does not take its change, and tries again', async () => {
    const { supervisor, runAll, acted, state, behaviour, entries } = supervise()
    runAll()
    await supervisor.start()
    state.next = fleetOf(HOSTS, { edition: 'second' })
    behaviour.change = () => Promise.reject(new Error('it is busy'))
    await supervisor.apply()
    assert.equal(acted().length, 2)
    const warning = entries.find(({ event }) => event === 'host did not take a change')
    assert.deepEqual([warning?.['host'], warning?.['reason']], ['mcp-host-0', 'it is busy'])
    behaviour.change = () => Promise.resolve()
    await supervisor.apply()
    assert.deepEqual(acted(), ['change mcp-host-0 +a +b', 'change mcp-c +c'])
  })

  it('takes services out of service and back, and remembers it beyond its life', async () => {
    const { supervisor, runAll, acted, state } = supervise()
    runAll()
    await supervisor.start()
    await supervisor.stopServices(['a', 'c'])
    assert.deepEqual(acted(), ['remove 1', 'change mcp-host-0 -a'])
    assert.deepEqual(state.kept.stopped, ['a', 'c'])
    assert.deepEqual(supervisor.targets().map((target) => target.service), ['b']) // prettier-ignore
    await supervisor.apply()
    assert.deepEqual(acted(), [], 'it stays out')
    await supervisor.startServices(['a', 'c'])
    assert.deepEqual(acted(), ['change mcp-host-0 +a', 'start mcp-c'])
    assert.deepEqual(state.kept.stopped, [])
  })

  it('restarts a dedicated service by a new process, a packed one in place', async () => {
    const { supervisor, runAll, acted } = supervise()
    runAll()
    await supervisor.start()
    await supervisor.restart(['b', 'c'])
    assert.deepEqual(acted(), ['change mcp-host-0 +b', 'remove 1', 'start mcp-c'])
    await supervisor.restart(['a', 'b'])
    assert.deepEqual(acted(), ['remove 0', 'start mcp-host-0'])
  })

  it('gives a host that hangs a new process, and the second time moves out for whom it worked', async () => {
    const { supervisor, runAll, acted, state } = supervise()
    runAll()
    await supervisor.start()
    state.culprit = 'b'
    assert.equal(await supervisor.recover(['a', 'b']), true)
    assert.deepEqual(acted(), ['remove 0', 'start mcp-host-0'])
    state.next = fleetOf({ 'mcp-host-0': ['a'], 'mcp-b': ['b'], 'mcp-c': ['c'] })
    await supervisor.recover(['a', 'b'])
    assert.deepEqual(state.kept.isolated, ['b'])
    assert.ok(acted().includes('start mcp-b'))
  })

  it('leaves to PM2 what has ended, and gives what has just begun its time', async () => {
    const { supervisor, runAll, acted, processes } = supervise()
    runAll()
    await supervisor.start()
    processes[0] = { ...processes[0]!, pid: undefined }
    processes[1] = { ...processes[1]!, startedAt: new Date() }
    assert.equal(await supervisor.recover(['a', 'b']), false)
    assert.equal(await supervisor.recover(['c']), false)
    assert.deepEqual(acted(), [])
  })

  it('restarts the right process when a new PM2 has given its id to another', async () => {
    const { supervisor, runAll, run, processes, acted } = supervise()
    runAll()
    await supervisor.start()
    processes.length = 0
    run('mcp-c', 'x', [service('c')])
    await supervisor.restart(['c'])
    assert.deepEqual(acted(), ['remove 2', 'start mcp-c'])
    await supervisor.stop()
  })

  it('throws from its start when the processes cannot be listed', async () => {
    const { supervisor, behaviour } = supervise()
    behaviour.list = () => Promise.reject(new Error('PM2 is away'))
    await assert.rejects(supervisor.start(), /PM2 is away/)
  })

  it('survives lists that fail, and brings back what vanished meanwhile', async () => {
    const { supervisor, behaviour, processes, entries, runAll } = supervise(fleetOf(HOSTS), 5)
    runAll()
    await supervisor.start()
    let failures = 0
    behaviour.list = () =>
      failures++ < 3 ? Promise.reject(new Error('PM2 is away')) : Promise.resolve()
    processes.length = 0
    await waitUntil('the hosts are back', () => processes.length === 2)
    await supervisor.stop()
    const warnings = entries.filter(({ event }) => event === 'fleet could not be checked')
    assert.equal(warnings.length, 3)
    assert.equal(warnings[0]?.['reason'], 'PM2 is away')
  })

  it('puts a service that goes on crashing into quarantine, with what is known of it', async () => {
    const { supervisor, processes, runAll, state, actions } = supervise(fleetOf(HOSTS), 5)
    runAll()
    await supervisor.start()
    const crash = (pmId: number, restarts: number): void => {
      const at = processes.findIndex((process) => process.pmId === pmId)
      processes[at] = { ...processes[at]!, restarts }
    }
    /** Two lists belong to each look. */
    const looks = async (): Promise<void> => {
      const enough = actions.length + 6
      await waitUntil('it looked', () => actions.length >= enough)
    }
    await looks()
    crash(0, 20)
    crash(1, CRASH_LIMITS.exitsPerService - 1)
    await looks()
    assert.deepEqual(state.kept.quarantined, {})
    crash(1, CRASH_LIMITS.exitsPerService)
    const evidence = await waitUntil('c is in quarantine', () => state.kept.quarantined['c'])
    await waitUntil('its host has ended', () => processes.length === 1)
    assert.deepEqual(
      evidence.causes,
      Array.from({ length: 5 }, () => 'SIGKILL'),
    )
    assert.deepEqual(evidence.lines, ['the last words'])
    assert.equal('a' in state.kept.quarantined, false, 'nobody knows whose fault a packed host is')
    await supervisor.startServices(['c'])
    assert.deepEqual(state.kept.quarantined, {})
    assert.equal(processes.length, 2)
  })

  it('lets no look begin while another lasts: a host that hangs shall not make them pile up', async () => {
    const { supervisor, behaviour, runAll } = supervise(fleetOf(HOSTS), 1)
    runAll()
    await supervisor.start()
    const held: (() => void)[] = []
    let lists = 0
    behaviour.list = () => {
      lists += 1
      return new Promise((release) => held.push(release))
    }
    await waitUntil('a look', () => held.length === 1)
    let ticks = 0
    const timer = setInterval(() => (ticks += 1), 1)
    await waitUntil('many intervals', () => ticks > 20)
    clearInterval(timer)
    // What waits in turn would come now, one list after the other without a pause.
    behaviour.list = () => {
      lists += 1
      return Promise.resolve()
    }
    const stopping = supervisor.stop()
    held[0]?.()
    await stopping
    await turn()
    assert.ok(lists <= 2, `${lists} lists: one look takes two`)
  })

  it('waits at its stop for what is under way, then asks no more', async () => {
    const { supervisor, behaviour, actions, processes, runAll } = supervise(fleetOf(HOSTS), 1)
    runAll()
    await supervisor.start()
    let release: () => void = () => undefined
    const entered = new Promise<void>((resolve) => {
      behaviour.list = () => {
        resolve()
        return new Promise((free) => (release = free))
      }
    })
    await entered
    let stopped = false
    const stopping = supervisor.stop().then(() => (stopped = true))
    await turn()
    assert.equal(stopped, false)
    behaviour.list = () => Promise.resolve()
    release()
    await stopping
    await supervisor.stop()
    assert.equal(processes.length, 2, 'the hosts go on')
    const asked = actions.length
    await turn()
    assert.equal(actions.length, asked)
  })
})
