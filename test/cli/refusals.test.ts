import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import type { Ran } from '../support/berth.ts'
import { pidsOf, statesOf, useFleet } from '../support/fleet.ts'
import { findFreePorts } from '../support/free-ports.ts'
import { filesWith } from '../support/files-with.ts'
import { processesNaming } from '../support/processes.ts'

const UP = { alpha: 'healthy', beta: 'healthy' }

/** What a failed command with `--json` says: JSON alone on stdout. */
const refusalOf = ({ stdout }: Ran) => JSON.parse(stdout) as { code: string; reason: string }

describe('what berth refuses', function () {
  this.timeout(30_000)
  const fleet = useFleet({ services: ['alpha', 'beta'] })
  afterEach(async () => {
    await fleet().run(['down'])
  })

  it('says who holds the port of the daemon, gives that one no token, and comes up once it is free', async () => {
    const heard: IncomingHttpHeaders[] = []
    const squatter = createServer((request) => heard.push(request.headers))
    await new Promise<void>((resolve) => squatter.listen(fleet().port, '127.0.0.1', resolve))
    const refused = await fleet().run(['up', '--json'])
    await new Promise((resolve) => squatter.close(resolve).closeAllConnections())
    assert.deepEqual(heard, [])
    const { code, reason } = refusalOf(refused)
    assert.deepEqual([refused.code, code], [2, 'config_invalid'])
    assert.match(reason, new RegExp(`Port ${fleet().port} is taken by pid ${process.pid} \\(.*mocha`)) // prettier-ignore
    assert.deepEqual(statesOf(await fleet().json(['up'])), UP)
  })

  it('refuses a second daemon on a home, and another PM2; the first does not notice', async () => {
    const up = await fleet().json(['up'])
    const [port] = await findFreePorts(1)
    const PM2_HOME = join(fleet().home, '..', 'other-pm2')
    const [daemon, pm2] = await Promise.all([
      fleet().run(['daemon'], { env: { PORT: String(port) } }),
      fleet().run(['up', '--json'], { env: { PM2_HOME } }),
    ])
    assert.equal(daemon.code, 3)
    assert.match(daemon.stdout, new RegExp(`held by main-api \\(pid ${up.daemon.pid}, since`))
    assert.deepEqual([pm2.code, refusalOf(pm2).code], [3, 'locked'])
    assert.match(refusalOf(pm2).reason, new RegExp(`${fleet().home}/pm2 .*pid ${up.daemon.pid}`))
    assert.deepEqual(processesNaming(PM2_HOME), [])
    assert.deepEqual(pidsOf(await fleet().json(['up'])), pidsOf(up))
  })

  it('refuses a home that others can enter, and says what to do', async () => {
    const home = join(fleet().home, '..', 'open')
    mkdirSync(home)
    chmodSync(home, 0o755)
    const commands = [['up'], ['user', 'add', 'a@b.test'], ['db', 'migrate']]
    const env = { BERTH_HOME: home }
    const ran = await Promise.all(commands.map((args) => fleet().run([...args, '--json'], { env })))
    for (const refused of ran) {
      assert.deepEqual([refused.code, refusalOf(refused).code], [3, 'file_insecure'])
      assert.match(refusalOf(refused).reason, new RegExp(`mode 755.*chmod 700 ${home}`))
    }
    assert.deepEqual(processesNaming(home), [])
  })

  it('refuses a key file that others can read', async () => {
    const ecosystem = join(fleet().home, '..', 'ecosystem.config.cjs')
    await fleet().json(['user', 'list'])
    await fleet().json(['ecosystem', 'generate', '--out', ecosystem])
    for (const name of ['master.key', 'admin.token']) {
      const file = join(fleet().home, name)
      chmodSync(file, 0o640)
      const refused = await fleet().run(['up', '--json'])
      chmodSync(file, 0o600)
      assert.deepEqual([refused.code, refusalOf(refused).code], [3, 'file_insecure'])
      assert.match(refusalOf(refused).reason, new RegExp(`${name} has mode 640.*chmod 600`))
    }
  })

  it('says why when the database is away, without its password, and comes up when it is there', async () => {
    const [closed] = await findFreePorts(1)
    const env = { DATABASE_URL: `postgres://postgres:pa55-of-nobody@127.0.0.1:${closed}/x` }
    const failed = await fleet().run(['up', '--json'], { env })
    assert.deepEqual([failed.code, refusalOf(failed).code], [1, 'database_unavailable'])
    assert.match(refusalOf(failed).reason, /DATABASE_URL/)
    assert.doesNotMatch(failed.stdout + failed.stderr, /pa55/)
    const file = join(fleet().home, 'database.url')
    assert.deepEqual(filesWith(fleet().home, 'pa55'), [file])
    assert.match(readFileSync(file, 'utf8'), /pa55/)
    assert.deepEqual(statesOf(await fleet().json(['up'])), UP)
  })

  it('refuses the sandbox for a database that holds instances made without it', async () => {
    await fleet().run(['user', 'add', 'sandra@berth.test'])
    const of = ['--user', 'sandra@berth.test', '--service', 'alpha']
    const made = await fleet().run(['instance', 'create', ...of], { stdin: 'a-real-key' })
    assert.equal(made.code, 0, made.stderr)
    const env = { BERTH_SANDBOX_URL: 'http://127.0.0.1:9' }
    for (const args of [['up'], ['instance', 'list', '--user', 'sandra@berth.test']]) {
      const refused = await fleet().run([...args, '--json'], { env })
      assert.deepEqual([refused.code, refusalOf(refused).code], [3, 'sandbox_refused'])
    }
    const list = ['instance', 'list', '--user', 'sandra@berth.test']
    assert.equal((await fleet().run(list)).code, 0, 'without the sandbox all is well')
  })
})
