import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runBerth } from '../support/berth.ts'
import { makeService, writeRegistry } from '../support/services.ts'
import { useTempFolder } from '../support/temp-folder.ts'

describe('berth registry', () => {
  const folder = useTempFolder()
  const good = () => join(folder(), 'good')
  const bad = () => join(folder(), 'bad')
  const run = (...args: string[]) => runBerth(['registry', ...args], { BERTH_HOME: folder() })

  before(() => {
    writeRegistry(good(), {
      gadgets: makeService({ name: 'gadgets', port: 41_001 }),
      widgets: makeService({ name: 'widgets', port: 41_000 }),
    })
    writeRegistry(bad(), {
      widgets: makeService({ name: 'widgets', port: 41_000, description: '' }),
      zz: makeService({ name: 'zz', port: 41_000 }),
      broken: '{"name": "broken", ',
    })
  })

  it('lint ends with 0 for a clean registry', async () => {
    const { code, stdout } = await run('lint', '--from', good())
    assert.equal(code, 0)
    assert.match(stdout, /2 services, 0 findings/)
  })

  it('lint ends with 1 on any finding and names file, place and reason', async () => {
    const { code, stdout } = await run('lint', '--from', bad())
    assert.equal(code, 1)
    assert.match(stdout, /error .*broken\/config\.json: is not JSON/)
    assert.match(stdout, /error .*zz\/config\.json at port: port 41000 is taken/)
    assert.match(stdout, /warning .*config\.json at description: is missing/)
  })

  it('lint prints the same as JSON alone', async () => {
    const { code, stdout, stderr } = await run('lint', '--from', bad(), '--json')
    assert.deepEqual([code, stderr], [1, ''])
    const { services, findings } = JSON.parse(stdout) as { services: number; findings: unknown[] }
    assert.equal(services, 1)
    assert.equal(findings.length, 3)
  })

  it('lint reads the registry of the setting when no folder is named', async () => {
    const env = { BERTH_HOME: folder(), BERTH_REGISTRY_DIR: bad() }
    assert.equal((await runBerth(['registry', 'lint'], env)).code, 1)
  })

  it('build writes the services by port and ends with 0', async () => {
    const out = join(folder(), 'good.json')
    const { code, stdout } = await run('build', '--from', good(), '--out', out, '--json')
    assert.equal(code, 0)
    assert.deepEqual(JSON.parse(stdout), { file: out, services: 2, findings: [] })
    const registry = JSON.parse(readFileSync(out, 'utf8'))
    assert.deepEqual(Object.keys(registry), ['widgets', 'gadgets'])
    assert.deepEqual([registry.gadgets.name, registry.gadgets.port], ['gadgets', 41_001])
    assert.equal(registry.gadgets.config.auth.inject.headers['X-Api-Key'], '{{api_key}}')
  })

  it('build ends with 0 also where configs are left out, and says which on stderr', async () => {
    const out = join(folder(), 'bad.json')
    const { code, stdout, stderr } = await run('build', '--from', bad(), '--out', out)
    assert.equal(code, 0)
    assert.match(stdout, /1 services/)
    assert.match(stderr, /broken\/config\.json: is not JSON/)
    assert.equal(Object.keys(JSON.parse(readFileSync(out, 'utf8'))).length, 1)
  })

  it('ends with 1 where there is no registry, and writes nothing', async () => {
    const out = join(folder(), 'none.json')
    for (const args of [['lint'], ['build', '--out', out]]) {
      const { code, stdout } = await run(...args, '--from', join(folder(), 'nowhere'), '--json')
      assert.deepEqual([code, JSON.parse(stdout).code], [1, 'registry_invalid'])
    }
    assert.equal(existsSync(out), false)
  })
})
