import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { runBerth } from '../support/berth.ts'
import { writeRegistry } from '../support/services.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const OF = ['--user', 'a@b.test', '--service', 'figma']

describe('calling berth', function () {
  this.timeout(30_000)
  const folder = useTempFolder()
  const home = () => join(folder(), 'home')
  const run = (args: string[], env: Record<string, string> = {}) =>
    runBerth(args, { BERTH_HOME: home(), ...env })

  it('helps on request', async () => {
    const { code, stdout } = await run(['--help'])
    assert.equal(code, 0)
    for (const verb of ['up', 'down', 'status', 'user', 'token', 'instance', 'registry', 'pm2'])
      assert.match(stdout, new RegExp(`^ {2}${verb}\\b`, 'm'))
    const ofVerb = await run(['instance', 'create', '--help'])
    assert.equal(ofVerb.code, 0)
    assert.match(ofVerb.stdout, /stdin/)
  })

  it('ends with 2 and says on stderr what is wrong with the words', async () => {
    const wrong: [string[], RegExp][] = [
      [[], /Usage: berth/],
      [['statsu'], /unknown command 'statsu'[\s\S]*status/],
      [['up', '--jsno'], /unknown option '--jsno'[\s\S]*--json/],
      [['user', 'add'], /missing required argument 'email'/],
      [['user', 'add', 'nobody'], /not an email address/],
      [['token', 'revoke', '17'], /not the id of a token/],
      [['token', 'create'], /--user/],
      [['token', 'create', '--user', 'a@b.test', '--expires', '0d'], /12h, 90d or 4w/],
      // A key is no argument: there ps and the history of the shell would show it.
      [['instance', 'create', ...OF, 'the-key'], /too many arguments/],
      [['instance', 'create', ...OF, '--key', 'the-key'], /unknown option '--key'/],
      [['db', 'migrate', '--to', 'latest'], /number/],
    ]
    const ran = await Promise.all(wrong.map(([args]) => run(args)))
    for (const [index, [args, message]] of wrong.entries()) {
      const { code, stdout, stderr } = ran[index]!
      assert.deepEqual([code, stdout], [2, ''], args.join(' '))
      assert.match(stderr, message)
    }
    assert.equal(existsSync(home()), false, 'nothing was made for any of them')
  })

  it('names every wrong setting at once, and each that does not exist', async () => {
    const env = { BERTH_HOSTZ: '2', BERTH_HOSTS: '0', PORT: 'http', BERTH_ISOLATION: 'tight' }
    const { code, stdout, stderr } = await run(['status'], env)
    assert.deepEqual([code, stdout], [2, ''])
    for (const name of Object.keys(env)) assert.match(stderr, new RegExp(`${name}: `))
    assert.match(stderr, /BERTH_HOSTZ: no such setting/)
  })

  it('says with --json in one JSON object on stdout what was wrong', async () => {
    const { code, stdout, stderr } = await run(['status', '--json'], { BERTH_X: '1' })
    assert.equal(code, 2)
    const { code: why, reason, ...rest } = JSON.parse(stdout)
    assert.equal(why, 'config_invalid')
    assert.match(reason, /BERTH_X: no such setting/)
    assert.deepEqual([rest, stderr], [{}, ''])
  })

  it('names the service that was probably meant', async () => {
    const registry = join(folder(), 'registry')
    writeRegistry(registry, { figma: { name: 'figma', port: 41_000 } })
    const env = { BERTH_REGISTRY_DIR: registry, BERTH_SERVICES: 'figmaa,nothing-like-it' }
    const { code, stderr } = await run(['up'], env)
    assert.equal(code, 2)
    assert.match(stderr, /figmaa \(did you mean figma\?\), nothing-like-it\./)
  })

  it('ends with 1 when there is no registry, or none of its configs can run', async () => {
    const empty = join(folder(), 'empty')
    writeRegistry(empty, { broken: '{"port": 41' })
    for (const BERTH_REGISTRY_DIR of [empty, join(folder(), 'nowhere')]) {
      const { code, stdout } = await run(['up', '--json'], { BERTH_REGISTRY_DIR })
      assert.deepEqual([code, JSON.parse(stdout).code], [1, 'registry_invalid'])
    }
  })

  it('says how to start the fleet where a command needs it', async () => {
    const { code, stderr } = await run(['demo'])
    assert.equal(code, 1)
    assert.match(stderr, /not up.*berth up/)
  })
})
