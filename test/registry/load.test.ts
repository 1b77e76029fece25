import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadRegistry, type Remembered } from '../../src/registry/load.ts'
import { olderConfig, useRegistries } from '../support/registries.ts'

const names = (directory: string) => loadRegistry(directory).services.map(({ name }) => name)

describe('loadRegistry', () => {
  const makeRegistry = useRegistries()

  it('loads every folder that holds a config, by port', () => {
    const directory = makeRegistry({
      anvils: olderConfig({ port: 41_003 }),
      bolts: olderConfig({ port: 41_001 }),
      '.hidden': olderConfig({ port: 41_000 }),
      clamps: olderConfig({ port: 41_002 }),
    })
    mkdirSync(join(directory, 'notes'))
    writeFileSync(join(directory, 'service.schema.json'), '{}')
    assert.deepEqual(names(directory), ['bolts', 'clamps', 'anvils'])
    assert.deepEqual(loadRegistry(directory).findings, [])
  })

  it('looks again at what changed, came or went, and at nothing else', () => {
    const directory = makeRegistry({
      anvils: olderConfig({ port: 41_001 }),
      bolts: olderConfig({ port: 41_002 }),
      clamps: olderConfig({ port: 41_003 }),
    })
    const remembered: Remembered = new Map()
    const before = loadRegistry(directory, remembered).services
    const config = JSON.stringify(olderConfig({ port: 41_004 }))
    writeFileSync(join(directory, 'bolts', 'config.json'), config)
    rmSync(join(directory, 'clamps'), { recursive: true })
    const { services, findings, reservedPorts } = loadRegistry(directory, remembered)
    assert.equal(services[0], before[0], 'the very same')
    assert.deepEqual(services.map(({ name, port }) => [name, port]), [['anvils', 41_001], ['bolts', 41_004]]) // prettier-ignore
    assert.deepEqual([findings, [...reservedPorts], remembered.size], [[], [41_001, 41_004], 2])
    assert.deepEqual(services, loadRegistry(directory).services)
  })

  it('names a service after its folder when the config does not', () => {
    const directory = makeRegistry({ anvils: olderConfig(), bolts: olderConfig({ name: 'nuts', port: 41_001 }) }) // prettier-ignore
    assert.deepEqual(names(directory), ['anvils', 'nuts'])
  })

  it('leaves out unreadable JSON alone and keeps its port reserved', () => {
    const directory = makeRegistry({
      anvils: olderConfig({ port: 41_001 }),
      broken: '{ "name": "broken", "port": 41002, "tools": [',
      clamps: olderConfig({ port: 41_003 }),
    })
    const { services, findings, reservedPorts } = loadRegistry(directory)
    assert.deepEqual(services.map(({ name }) => name), ['anvils', 'clamps']) // prettier-ignore
    assert.equal(findings.length, 1)
    const [finding] = findings
    assert.ok(finding)
    assert.equal(finding.severity, 'error')
    assert.equal(finding.service, 'broken')
    assert.equal(finding.file, join(directory, 'broken', 'config.json'))
    assert.match(finding.message, /^is not JSON: /)
    assert.deepEqual([...reservedPorts].sort(), [41_001, 41_002, 41_003])
  })

  const runningOf = (directory: string) => loadRegistry(directory).services
  const write = (directory: string, service: string, config: unknown) =>
    writeFileSync(join(directory, service, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config)) // prettier-ignore
  const again = (directory: string, running: ReturnType<typeof runningOf>) => {
    const { services, findings } = loadRegistry(directory, new Map(), running)
    const told = findings.map(({ service, path, kept }) => [service, path, kept])
    return { ports: services.map(({ name, port }) => [name, port]), told, services }
  }

  it('goes on with the config that runs where a slip has made one unusable', () => {
    const directory = makeRegistry({
      anvils: olderConfig({ port: 41_001 }),
      bolts: olderConfig({ name: 'nuts', port: 41_002 }),
    })
    const running = runningOf(directory)
    write(directory, 'anvils', '{ "name": "anvils", "port": 41001,, }')
    write(directory, 'bolts', '{ "name": "nuts", "port": 41002')
    const { services, told } = again(directory, running)
    assert.deepEqual(services, running)
    assert.deepEqual(told, [['anvils', '', 'anvils'], ['bolts', '', 'nuts']]) // prettier-ignore
    rmSync(join(directory, 'anvils'), { recursive: true })
    assert.deepEqual(again(directory, running).ports, [['nuts', 41_002]], 'what is gone is gone')
  })

  it('lets nothing new take the name or port of what runs, and a service that moves onto another stay', () => {
    const directory = makeRegistry({
      bolts: olderConfig({ port: 41_002 }),
      clamps: olderConfig({ port: 41_003 }),
    })
    const running = runningOf(directory)
    mkdirSync(join(directory, 'anvils'))
    write(directory, 'anvils', olderConfig({ name: 'anvils', port: 41_002 }))
    write(directory, 'clamps', olderConfig({ name: 'clamps', port: 41_002 }))
    const { ports, told } = again(directory, running)
    assert.deepEqual(ports, [['bolts', 41_002], ['clamps', 41_003]]) // prettier-ignore
    assert.deepEqual(told, [['anvils', 'port', undefined], ['clamps', 'port', 'clamps']]) // prettier-ignore
  })

  it('lets a config in another folder take the place of a broken one of that name', () => {
    const directory = makeRegistry({ bolts: olderConfig({ port: 41_002 }) })
    const running = runningOf(directory)
    write(directory, 'bolts', '{')
    mkdirSync(join(directory, 'screws'))
    write(directory, 'screws', olderConfig({ name: 'bolts', port: 41_002 }))
    const { ports, told } = again(directory, running)
    assert.deepEqual([ports, told], [[['bolts', 41_002]], [['bolts', '', undefined]]])
  })

  it('gives a contested port to the first config and says who has it', () => {
    const directory = makeRegistry({
      anvils: olderConfig({ port: 41_001 }),
      bolts: olderConfig({ port: 41_001 }),
      clamps: olderConfig({ port: 41_002 }),
    })
    const { services, findings } = loadRegistry(directory)
    assert.deepEqual(services.map(({ name }) => name), ['anvils', 'clamps']) // prettier-ignore
    assert.equal(findings.length, 1)
    assert.deepEqual(
      { ...findings[0], message: '' },
      { severity: 'error', service: 'bolts', file: join(directory, 'bolts', 'config.json'), path: 'port', message: '' }, // prettier-ignore
    )
    assert.equal(
      findings[0]?.message,
      `port 41001 is taken by ${join(directory, 'anvils', 'config.json')}; give this service another`,
    )
  })

  it('gives a contested name to the first config and reserves the port of the other', () => {
    const directory = makeRegistry({
      anvils: olderConfig({ name: 'widgets', port: 41_001 }),
      bolts: olderConfig({ name: 'widgets', port: 41_002 }),
    })
    const { services, findings, reservedPorts } = loadRegistry(directory)
    assert.deepEqual(services.map(({ name, port }) => [name, port]), [['widgets', 41_001]]) // prettier-ignore
    assert.deepEqual(findings.map(({ severity, path }) => [severity, path]), [['error', 'name']]) // prettier-ignore
    assert.match(findings[0]?.message ?? '', /^name "widgets" is taken by .*anvils/)
    assert.ok(reservedPorts.has(41_002))
  })

  it('does not let a config that lost its name keep others from its port', () => {
    const directory = makeRegistry({
      anvils: olderConfig({ name: 'widgets', port: 41_001 }),
      bolts: olderConfig({ name: 'widgets', port: 41_002 }),
      clamps: olderConfig({ port: 41_002 }),
    })
    assert.deepEqual(names(directory), ['widgets', 'clamps'])
  })

  it('leaves out what has no port, and names every other problem of it too', () => {
    const directory = makeRegistry({
      anvils: { ...olderConfig(), port: undefined, iconUrl: 'no address', colour: 'red' },
      bolts: olderConfig(),
    })
    const { services, findings } = loadRegistry(directory)
    assert.deepEqual(services.map(({ name }) => name), ['bolts']) // prettier-ignore
    assert.deepEqual(findings.map(({ path }) => path).sort(), ['colour', 'iconUrl', 'port'])
    assert.ok(findings.every(({ severity, service }) => severity === 'error' && service === 'anvils')) // prettier-ignore
  })

  for (const name of ['host-1', 'Widgets', 'two words', '../up', ''])
    it(`calls a service after its folder when its name is "${name}", and leaves out one in such a folder`, () => {
      const misnamed = makeRegistry({ anvils: olderConfig({ name, port: 41_001 }) })
      const { services, findings } = loadRegistry(misnamed)
      assert.deepEqual(services.map((one) => one.name), ['anvils']) // prettier-ignore
      assert.deepEqual(findings.map(({ severity, path }) => [severity, path]), [['warning', 'name']]) // prettier-ignore
      const misplaced = loadRegistry(
        makeRegistry({ 'host-2': olderConfig({ name, port: 41_001 }) }),
      )
      assert.deepEqual(misplaced.services, [])
      assert.deepEqual(misplaced.findings.map(({ severity, path }) => [severity, path]), [['error', 'name']]) // prettier-ignore
      assert.ok(misplaced.reservedPorts.has(41_001))
    })

  it('reads a file that begins with a byte order mark', () => {
    const text = `\uFEFF${JSON.stringify(olderConfig())}`
    assert.deepEqual(names(makeRegistry({ anvils: text })), ['anvils'])
  })

  for (const port of [80, 65_536, 41_000.5, -1])
    it(`leaves out a service on port ${port}`, () => {
      assert.deepEqual(names(makeRegistry({ anvils: olderConfig({ port }) })), [])
    })

  for (const text of ['null', '[]', '"figma"', '7', ''])
    it(`leaves out a file that holds ${text || 'nothing'}`, () => {
      const { services, findings } = loadRegistry(makeRegistry({ anvils: text, bolts: olderConfig() })) // prettier-ignore
      assert.deepEqual(services.map(({ name }) => name), ['bolts']) // prettier-ignore
      assert.equal(findings[0]?.severity, 'error')
    })

  it('says which directory it cannot read', () => {
    assert.throws(() => loadRegistry('/nowhere/registry'), {
      code: 'registry_invalid',
      message: /\/nowhere\/registry: ENOENT/,
    })
  })
})
