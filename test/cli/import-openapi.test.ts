import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Service } from '../../src/model/service.ts'
import { runBerth } from '../support/berth.ts'
import { openapi } from '../support/openapi.ts'
import { makeService, writeRegistry } from '../support/services.ts'
import { useTempFolder } from '../support/temp-folder.ts'

describe('berth registry import-openapi', () => {
  const folder = useTempFolder()
  const registry = () => join(folder(), 'registry')
  const file = () => join(folder(), 'pets.json')
  const run = (...args: string[]) =>
    runBerth(['registry', 'import-openapi', ...args], {
      BERTH_HOME: folder(),
      BERTH_REGISTRY_DIR: registry(),
    })
  const configOf = (name: string) =>
    JSON.parse(readFileSync(join(registry(), name, 'config.json'), 'utf8')) as Service

  before(() => {
    writeRegistry(registry(), { widgets: makeService({ name: 'widgets', port: 49_160 }) })
    writeFileSync(file(), JSON.stringify(openapi({ '/pets': { get: {}, options: {} } })))
  })

  it('prints the config as JSON and writes nothing; what was left out goes to stderr', async () => {
    const { code, stdout, stderr } = await run(
      file(),
      '--name',
      'pets',
      '--port',
      '49160',
      '--json',
    )
    assert.equal(code, 0)
    assert.deepEqual([JSON.parse(stdout).name, JSON.parse(stdout).port], ['pets', 49_160])
    assert.match(stderr, /left out +OPTIONS \/pets +OPTIONS is no method/)
    assert.equal(existsSync(join(registry(), 'pets')), false)
  })

  it('writes the config on the next free port, and lint has nothing to say', async () => {
    const { code, stdout } = await run(file(), '--name', 'pets')
    assert.equal(code, 0, stdout)
    assert.equal(configOf('pets').port, 49_161)
    assert.deepEqual(readdirSync(join(registry(), 'pets')), ['config.json'])
    assert.equal((await runBerth(['registry', 'lint'], { BERTH_HOME: folder(), BERTH_REGISTRY_DIR: registry() })).code, 0) // prettier-ignore
  })

  it('takes the same again, and refuses another over it unless forced', async () => {
    assert.match((await run(file(), '--name', 'pets')).stdout, /unchanged/)
    const other = join(folder(), 'other.json')
    writeFileSync(other, JSON.stringify(openapi({ '/cats': { get: {} } })))
    assert.equal((await run(other, '--name', 'pets')).code, 3)
    assert.equal(configOf('pets').tools[0]?.name, 'get_pets')
    assert.equal((await run(other, '--name', 'pets', '--force')).code, 0)
    assert.deepEqual([configOf('pets').tools[0]?.name, configOf('pets').port], ['get_cats', 49_161])
  })

  it('refuses a port that another service has', async () => {
    const { code, stderr } = await run(file(), '--name', 'dogs', '--port', '49160')
    assert.equal(code, 3)
    assert.match(stderr, /belongs to widgets/)
  })

  it('ends with 3 and {code, reason} for what is no OpenAPI document', async () => {
    writeFileSync(join(folder(), 'page.html'), '<!doctype html><html></html>')
    const { code, stdout } = await run(join(folder(), 'page.html'), '--name', 'page', '--json')
    assert.equal(code, 3)
    assert.deepEqual(Object.keys(JSON.parse(stdout)), ['code', 'reason'])
    assert.equal(JSON.parse(stdout).code, 'openapi_invalid')
  })

  it('ends with 2 for a name or a number that cannot be', async () => {
    assert.equal((await run(file(), '--name', 'No Name')).code, 2)
    assert.equal((await run(file(), '--name', 'x', '--port', '80')).code, 2)
    assert.equal((await run(file())).code, 2)
  })
})
