import assert from 'node:assert/strict'
import { planHosts, type PlanOptions } from '../../src/fleet/plan.ts'
import type { Service } from '../../src/model/service.ts'
import { makeService } from '../support/services.ts'

const FIRST_PORT = 41_000

const makeServices = (count: number): Service[] =>
  Array.from({ length: count }, (_, n) => makeService({ name: `s${n}`, port: FIRST_PORT + n }))

const packed = (hosts: number): PlanOptions => ({ isolation: 'packed', hosts })

/** Which host serves which service. */
const places = (services: readonly Service[], options: PlanOptions): Map<string, string> =>
  new Map(
    planHosts(services, options).flatMap((host) =>
      host.services.map(({ name }) => [name, host.name] as const),
    ),
  )

const dedicated = (service: Service, maxMemory?: string): Service => ({
  ...service,
  process: { isolation: 'dedicated', maxMemory },
})

describe('planHosts', () => {
  it('gives every service one host, and every host the same share', () => {
    const services = makeServices(374)
    for (const hosts of [1, 2, 7, 64]) {
      const plan = planHosts(services, packed(hosts))
      const served = plan.flatMap((host) => host.services.map(({ port }) => port))
      assert.deepEqual(served.sort(), services.map(({ port }) => port).sort()) // prettier-ignore
      const sizes = plan.map((host) => host.services.length)
      assert.equal(plan.length, hosts)
      assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, sizes.join())
    }
  })

  it('moves no other service when one is added or removed', () => {
    const services = makeServices(40)
    const before = places(services, packed(6))
    const grown = places([makeService({ name: 'new', port: 40_001 }), ...services], packed(6))
    for (const [name, host] of before) assert.equal(grown.get(name), host, name)
    assert.ok(grown.has('new'))
    const shrunk = places(services.toSpliced(3, 1), packed(6))
    before.delete('s3')
    assert.deepEqual(shrunk, before)
  })

  it('moves no other service when one gets a process of its own', () => {
    const services = makeServices(12)
    const before = places(services, packed(4))
    const after = places(services.with(5, dedicated(services[5]!)), packed(4))
    assert.equal(after.get('s5'), 'mcp-s5')
    before.set('s5', 'mcp-s5')
    assert.deepEqual(after, before)
  })

  it('does not depend on the order of the services', () => {
    const services = makeServices(30).map((s, n) => (n % 7 === 0 ? dedicated(s) : s))
    assert.deepEqual(planHosts(services.toReversed(), packed(4)), planHosts(services, packed(4)))
  })

  it('leaves out hosts that would serve nothing', () => {
    const plan = planHosts(makeServices(2), packed(8))
    assert.deepEqual(plan.map(({ name }) => name), ['mcp-host-0', 'mcp-host-1']) // prettier-ignore
    assert.deepEqual(planHosts([], packed(8)), [])
  })

  it('gives one service a process of its own when its config says so', () => {
    const [first, second, third] = makeServices(3)
    const plan = planHosts([first!, dedicated(second!, '150M'), third!], packed(1))
    assert.deepEqual(plan, [
      {
        name: 'mcp-host-0',
        kind: 'packed',
        services: [
          { name: 's0', port: FIRST_PORT },
          { name: 's2', port: FIRST_PORT + 2 },
        ],
      },
      {
        name: 'mcp-s1',
        kind: 'dedicated',
        services: [{ name: 's1', port: FIRST_PORT + 1 }],
        maxMemory: '150M',
      },
    ])
  })

  it('gives a service a process of its own that took its host down, or that has an own program', () => {
    const [first, second, third] = makeServices(3)
    const own = { ...third!, process: { script: 'own.js', nodeArgs: ['--expose-gc'] } }
    const options = { ...packed(1), isolated: ['s1', 'gone'] }
    const found = places([first!, second!, own], options)
    assert.deepEqual(Object.fromEntries(found), { s0: 'mcp-host-0', s1: 'mcp-s1', s2: 'mcp-s2' })
    const host = planHosts([own], options)[0]
    assert.deepEqual([host?.script, host?.nodeArgs], ['own.js', ['--expose-gc']])
  })

  it('gives every service a process of its own in a dedicated fleet, but for those that are packed', () => {
    const [first, second, third] = makeServices(3)
    const services = [first!, { ...second!, process: { isolation: 'packed' as const } }, third!]
    const found = places(services, { isolation: 'dedicated', hosts: 1 })
    assert.deepEqual(Object.fromEntries(found), { s0: 'mcp-s0', s1: 'mcp-host-0', s2: 'mcp-s2' })
  })
})
