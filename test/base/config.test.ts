import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { availableParallelism, homedir } from 'node:os'
import { join } from 'node:path'
import { readConfig, readVariables } from '../../src/base/config.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const ROOT = join(import.meta.dirname, '../..')

/** Everything that readConfig has to say against an environment. */
const problems = (env: Record<string, string>): string[] => {
  try {
    readConfig(env)
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error && error.code === 'config_invalid')
    return error.message.split('\n  ').slice(1)
  }
  return []
}

describe('readConfig', () => {
  const temp = useTempFolder()

  it('has a default for everything', () => {
    const home = join(homedir(), '.berth')
    const config = readConfig({})
    assert.deepEqual([config.host, config.port, config.baseUrl], ['127.0.0.1', 3000, 'http://127.0.0.1:3000']) // prettier-ignore
    assert.equal(config.home.root, home)
    assert.equal(config.pm2Home, join(home, 'pm2'))
    assert.equal(config.masterKeyFile, join(home, 'master.key'))
    assert.equal(config.adminTokenFile, join(home, 'admin.token'))
    assert.equal(config.registryDir, join(ROOT, 'registry'))
    assert.equal(config.packageRoot, ROOT)
    assert.equal(config.services, 'all')
    assert.equal(config.hosts, availableParallelism())
    assert.equal(config.databaseUrl, undefined)
    assert.equal(config.sandboxUrl, undefined)
    assert.equal(config.allowPrivate, false)
  })

  it('takes an empty variable for an absent one', () => {
    assert.deepEqual(readConfig({ PORT: '', BERTH_HOSTS: '', BERTH_UNKNOWN: '' }), readConfig({}))
  })

  it('gives the variables that services ask for by name, without those that hold a password', () => {
    const env = { EDITION: '2', LC_ALL: 'de_DE@euro', MIRROR: 'https://me:pa55@a.test/', PROXY: 'me:pa55@a.test:80' } // prettier-ignore
    const { MIRROR: _, PROXY: __, ...plain } = env
    assert.deepEqual(readVariables([...Object.keys(env), 'NOWHERE'], env), plain)
  })

  it('lets everything follow its home, and each thing be elsewhere', () => {
    const config = readConfig({ BERTH_HOME: '/srv/b', PM2_HOME: '/srv/pm2', PORT: '8080' })
    assert.equal(config.masterKeyFile, '/srv/b/master.key')
    assert.equal(config.home.registryFile, '/srv/b/run/serviceRegistry.json')
    assert.equal(config.pm2Home, '/srv/pm2')
    assert.equal(config.baseUrl, 'http://127.0.0.1:8080')
  })

  it('makes relative paths absolute, since the daemon starts elsewhere', () => {
    const config = readConfig({ BERTH_HOME: 'h', BERTH_REGISTRY_DIR: 'r', BERTH_MASTER_KEY_FILE: 'k' }) // prettier-ignore
    assert.equal(config.home.root, join(process.cwd(), 'h'))
    assert.equal(config.registryDir, join(process.cwd(), 'r'))
    assert.equal(config.masterKeyFile, join(process.cwd(), 'k'))
  })

  it('reads the services as a list, or all of them', () => {
    const services = (text: string) => readConfig({ BERTH_SERVICES: text }).services
    assert.deepEqual(services(' figma, stripe,,echo '), ['figma', 'stripe', 'echo'])
    assert.equal(services('figma,all'), 'all')
  })

  it('takes the slash off the end of the base URL', () => {
    assert.equal(readConfig({ BASE_URL: 'https://berth.test/x//' }).baseUrl, 'https://berth.test/x')
  })

  it("refuses Berth's own address for the old server: every old URL would come back", () => {
    const own = ["BERTH_LEGACY_URL: this is Berth's own address; give the old server's"]
    const legacy = (url: string, env = {}) => problems({ BERTH_LEGACY_URL: url, ...env })
    assert.deepEqual(legacy('http://127.0.0.1:3000'), own)
    assert.deepEqual(legacy('http://localhost:3005', { PORT: '3005' }), own)
    assert.deepEqual(legacy('https://berth.test', { BASE_URL: 'https://berth.test' }), own)
    assert.deepEqual(legacy('http://127.0.0.1:3004', { PORT: '3005' }), [])
    const beside = { PORT: '3005', BERTH_GATEWAYS: '2', DATABASE_URL: 'postgres://db.test/x' }
    assert.deepEqual(legacy('http://127.0.0.1:3006', beside), own)
    assert.deepEqual(legacy('http://127.0.0.1:4000', { ...beside, BERTH_GATEWAY_PORT: '4000' }), own) // prettier-ignore
    assert.deepEqual(legacy('http://127.0.0.1:3006', { ...beside, BERTH_GATEWAY_PORT: '4000' }), [])
    assert.deepEqual(legacy('http://127.0.0.1:3006', { PORT: '3005' }), [], 'nobody listens there')
  })

  it('refuses a BERTH_ variable that it does not know, and leaves others alone', () => {
    assert.deepEqual(problems({ BERTH_HOST: '1', EDITOR: 'vi' }), ['BERTH_HOST: no such setting'])
  })

  it('says everything that is wrong at once', () => {
    const found = problems({
      PORT: '70000',
      BASE_URL: 'ftp://berth.test',
      BERTH_HOSTS: '0',
      BERTH_ISOLATION: 'boxed',
      BERTH_LOG_LEVEL: 'loud',
      BERTH_ALLOW_PRIVATE: 'yes',
      BERTH_COLOUR: 'red',
      BERTH_SANDBOX_URL: 'nonsense',
      DATABASE_URL: 'mysql://u:geheim@db.test/x',
      DATABASE_URL_FILE: join(temp(), 'nowhere'),
    })
    assert.deepEqual(found.map((line) => line.split(':')[0]).sort(), [
      'BASE_URL',
      'BERTH_ALLOW_PRIVATE',
      'BERTH_COLOUR',
      'BERTH_HOSTS',
      'BERTH_ISOLATION',
      'BERTH_LOG_LEVEL',
      'BERTH_SANDBOX_URL',
      'DATABASE_URL',
      'DATABASE_URL and DATABASE_URL_FILE',
      'DATABASE_URL_FILE',
      'PORT',
    ])
    assert.ok(!found.join().includes('geheim'))
  })

  for (const port of ['0', '65536', '3000.5', 'http', '-1'])
    it(`refuses ${port} as a port`, () => {
      assert.match(problems({ PORT: port }).join(), /^PORT: /)
    })

  for (const url of ['http://127.0.0.1:9', 'http://localhost:9/api', 'https://[::1]:9'])
    it(`takes ${url} for a sandbox`, () => {
      assert.equal(readConfig({ BERTH_SANDBOX_URL: url }).sandboxUrl, url)
    })

  for (const url of [
    'http://sandbox.test',
    'http://10.0.0.1',
    'http://0.0.0.0:9',
    'http://127.0.0.1.sandbox.test',
    'http://127.0.0.1@sandbox.test',
    'http://localhost.sandbox.test',
    'file:///127.0.0.1',
  ])
    it(`refuses ${url} for a sandbox, which receives real keys`, () => {
      assert.match(problems({ BERTH_SANDBOX_URL: url }).join(), /^BERTH_SANDBOX_URL: /)
    })
})

describe('the address of the database', () => {
  const temp = useTempFolder()
  const fileWith = (text: string): string => {
    const file = join(temp(), 'database.url')
    writeFileSync(file, text)
    return file
  }

  it('may stand in a file', () => {
    const file = fileWith('postgres://u:geheim@db.test/berth\n')
    assert.equal(readConfig({ DATABASE_URL_FILE: file }).databaseUrl, 'postgres://u:geheim@db.test/berth') // prettier-ignore
  })

  it('is refused when the file holds none, without telling what it holds', () => {
    for (const text of ['', 'geheim', 'mysql://geheim@db.test/x'])
      assert.deepEqual(problems({ DATABASE_URL_FILE: fileWith(text) }), ['DATABASE_URL_FILE: must be the address of a Postgres: postgres://user:password@host:5432/database']) // prettier-ignore
  })

  it('is refused when the file cannot be read', () => {
    const file = join(temp(), 'nowhere')
    assert.match(problems({ DATABASE_URL_FILE: file }).join(), /^DATABASE_URL_FILE: .*ENOENT.*nowhere/) // prettier-ignore
  })
})
