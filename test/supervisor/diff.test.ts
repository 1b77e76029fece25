import assert from 'node:assert/strict'
import type { Service } from '../../src/model/service.ts'
import {
  diffFleet,
  type DiffRules,
  type RunningHost,
  type WantedHost,
} from '../../src/supervisor/diff.ts'
import { makeApp } from '../support/apps.ts'
import { makeService } from '../support/services.ts'

const rules: DiffRules = {
  fingerprintOf: (spec) => spec.env['PRINT'] ?? '',
  changedSettings: (before, after) => (before === after ? [] : ['env.PRINT']),
}

/** Services by name; `+` after a name is its second edition. */
const services = (...names: string[]): Service[] =>
  names.map((name) => {
    const [plain = ''] = name.split('+')
    return makeService({ name: plain, ...(name !== plain && { displayName: 'Second edition' }) })
  })
const wanted = (name: string, served: string[] = ['a'], print = 'x'): WantedHost => ({
  spec: makeApp(name, { env: { PRINT: print } }),
  services: services(...served),
})
const running = (pmId: number, name: string, served?: string[], print = 'x'): RunningHost => ({
  name,
  pmId,
  fingerprint: print,
  services: served && services(...served),
})

const stepsOf = (hosts: WantedHost[], processes: RunningHost[]): string[] =>
  diffFleet(hosts, processes, rules).steps.map((step) => {
    if (step.kind === 'start') return `start ${step.spec.name}`
    if (step.kind === 'end') return `end ${step.host} ${step.pmId}`
    const put = step.put.map(({ name }) => `+${name}`)
    return ['change', step.host, ...step.remove.map((name) => `-${name}`), ...put].join(' ')
  })
const linesOf = (hosts: WantedHost[], processes: RunningHost[]): string[] =>
  diffFleet(hosts, processes, rules).lines.map(({ action, kind, name, host, fields }) =>
    [action, kind, name, host, ...fields].join(' '),
  )

describe('the difference between the wanted and the running fleet', () => {
  it('is empty when everything runs as wanted, in whatever order', () => {
    const hosts = [wanted('one', ['a', 'b']), wanted('two', ['c'])]
    const processes = [running(5, 'two', ['c']), running(4, 'one', ['b', 'a'])]
    assert.deepEqual(diffFleet(hosts, processes, rules), { steps: [], lines: [] })
  })

  it('starts a fleet that is not there, and ends one that nobody wants', () => {
    assert.deepEqual(stepsOf([wanted('one'), wanted('two')], []), ['start one', 'start two'])
    assert.deepEqual(stepsOf([], [running(0, 'one', ['a'])]), ['end one 0'])
    assert.deepEqual(linesOf([], [running(0, 'one', ['a'])]), ['remove host one one removed'])
  })

  it('replaces a host with other settings, and nothing else; it says which', () => {
    const hosts = [wanted('one'), wanted('two', ['b'], 'new')]
    const processes = [running(1, 'one', ['a']), running(2, 'two', ['b'], 'old')]
    assert.deepEqual(stepsOf(hosts, processes), ['end two 2', 'start two'])
    assert.deepEqual(linesOf(hosts, processes), ['change host two two env.PRINT'])
  })

  it('swaps a changed service in its running host, and says what changed', () => {
    const hosts = [wanted('one', ['a', 'b+'])]
    const processes = [running(1, 'one', ['a', 'b'])]
    assert.deepEqual(stepsOf(hosts, processes), ['change one +b'])
    assert.deepEqual(linesOf(hosts, processes), ['change service b one displayName'])
  })

  it('puts and removes services in a running host', () => {
    const hosts = [wanted('one', ['a', 'c'])]
    const processes = [running(1, 'one', ['a', 'b'])]
    assert.deepEqual(stepsOf(hosts, processes), ['change one -b', 'change one +c'])
    assert.deepEqual(linesOf(hosts, processes), ['remove service b one', 'add service c one'])
  })

  it('lets a service leave one host before it comes to another: its port can be held once', () => {
    const hosts = [wanted('one', ['b', 'a']), wanted('two', ['c'])]
    const processes = [running(1, 'one', ['b']), running(2, 'two', ['c', 'a'])]
    assert.deepEqual(stepsOf(hosts, processes), ['change two -a', 'change one +a'])
  })

  it('takes ports only after all that gives ports back, and starts last', () => {
    const hosts = [wanted('new', ['c']), wanted('one', ['a', 'd']), wanted('two', ['e'], 'new')]
    const processes = [running(1, 'one', ['a', 'c']), running(2, 'two', ['e'], 'old')]
    const steps = stepsOf([...hosts], [...processes, running(3, 'gone', ['d'])])
    const before = (first: string, second: string) =>
      assert.ok(steps.indexOf(first) < steps.indexOf(second), `${first} first: ${steps.join(', ')}`)
    before('end gone 3', 'change one +d')
    before('change one -c', 'start new')
    before('end two 2', 'start two')
    before('change one +d', 'start new')
    assert.equal(steps.length, 6)
  })

  it('leaves a host alone that does not say what it serves: it is starting', () => {
    assert.deepEqual(stepsOf([wanted('one', ['a', 'b'])], [running(1, 'one')]), [])
  })

  it('keeps, of two of one name, the one that fits, wherever it stands', () => {
    const fits = running(3, 'one', ['a'])
    const old = running(4, 'one', ['a'], 'old')
    assert.deepEqual(stepsOf([wanted('one')], [fits, old]), ['end one 4'])
    assert.deepEqual(stepsOf([wanted('one')], [old, fits]), ['end one 4'])
    assert.deepEqual(stepsOf([wanted('one')], [fits, running(5, 'one', ['a'])]), ['end one 5'])
    assert.deepEqual(linesOf([wanted('one')], [fits, old]), ['remove host one one twice there'])
  })

  it('starts one for two that are both outdated', () => {
    const processes = [running(3, 'one', ['a'], 'old'), running(4, 'one', ['a'], 'older')]
    const steps = stepsOf([wanted('one')], processes)
    assert.deepEqual(steps, ['end one 3', 'end one 4', 'start one'])
  })
})
