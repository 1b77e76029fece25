import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { acquireLock } from '../../src/base/lock.ts'
import { DAEMON_LOCK } from '../../src/compose/fleet/wanted.ts'
import { createPostgres } from '../support/databases.ts'
import { filesWith } from '../support/files-with.ts'
import { pidsOf, useFleet } from '../support/fleet.ts'
import { commandLineOf, environmentOfProcess, processesNaming } from '../support/processes.ts'

const PASSWORD = 'pa55word-of-the-database'

/** The server trusts this machine and takes any password. */
const withPassword = (url: string): string => {
  const changed = new URL(url)
  changed.password = PASSWORD
  return changed.href
}

const emailsOf = ({ users }: { users: { email: string }[] }) => users.map(({ email }) => email)

describe('a fleet on Postgres', function () {
  this.timeout(30_000)
  const fleet = useFleet({ services: ['alpha', 'beta'] })
  const options = () => ({ env: { DATABASE_URL: withPassword(fleet().env['DATABASE_URL'] ?? '') } })

  it('keeps the password of its address out of PM2, of every process and of every file but one', async () => {
    const up = await fleet().json(['up'], options())
    assert.equal(up.daemon.database, 'postgres')
    const listed = await fleet().run(['pm2', 'jlist'], options())
    assert.ok(listed.stdout.includes('main-api'))
    assert.equal(listed.stdout.includes(PASSWORD), false)
    const processes = processesNaming(fleet().home)
    assert.ok(processes.length >= 3, 'PM2, the daemon, a host')
    for (const pid of processes)
      assert.equal([...environmentOfProcess(pid), commandLineOf(pid)].join().includes(PASSWORD), false) // prettier-ignore
    const file = join(fleet().home, 'database.url')
    assert.deepEqual(filesWith(fleet().home, PASSWORD), [file])
    assert.equal(statSync(file).mode & 0o777, 0o600)
  })

  it('keeps its daemon for the same address, and takes another one for another', async () => {
    const first = pidsOf(await fleet().json(['up'], options()))
    await fleet().json(['user', 'add', 'first@berth.test'], options())
    assert.deepEqual(pidsOf(await fleet().json(['up'], options())), first)
    const other = await createPostgres()
    try {
      const otherEnv = { env: { DATABASE_URL: withPassword(other.url) } }
      for (const command of [
        ['db', 'backup'],
        ['migrate', 'run', '--yes'],
        ['migrate', 'plan'],
      ]) {
        const { code, stdout } = await fleet().run([...command, '--json'], otherEnv)
        const { code: word, reason } = JSON.parse(stdout) as { code: string; reason: string }
        assert.deepEqual([code, word, stdout.includes(PASSWORD)], [3, 'database_differs', false])
        for (const url of [other.url, fleet().env['DATABASE_URL'] ?? '']) assert.ok(reason.includes(new URL(url).pathname), reason) // prettier-ignore
      }
      const second = pidsOf(await fleet().json(['up'], otherEnv))
      assert.notEqual(second['main-api'], first['main-api'])
      assert.deepEqual({ ...second, 'main-api': 0 }, { ...first, 'main-api': 0 })
      assert.deepEqual(emailsOf(await fleet().json(['user', 'list'], otherEnv)), [])
    } finally {
      await fleet().json(['up'], options())
      await other.drop()
    }
    assert.deepEqual(emailsOf(await fleet().json(['user', 'list'], options())), ['first@berth.test']) // prettier-ignore
  })

  it('takes the address from a file', async () => {
    const file = join(fleet().home, '..', 'address')
    writeFileSync(file, `${withPassword(fleet().env['DATABASE_URL'] ?? '')}\n`, { mode: 0o600 })
    const env = { DATABASE_URL: '', DATABASE_URL_FILE: file }
    const status = await fleet().json<{ version: number }>(['db', 'status'], { env })
    assert.ok(status.version > 0)
  })

  it('tells the version of its schema, and does not undo it under a daemon', async () => {
    await fleet().json(['up'], options())
    const up = await fleet().json<{ version: number; newest: number }>(['db', 'status'], options())
    assert.equal(up.version, up.newest)
    assert.deepEqual(await fleet().json(['db', 'migrate'], options()), { applied: [] })
    const refused = await fleet().run(['db', 'migrate', '--to', '0', '--json'], options())
    assert.deepEqual([refused.code, JSON.parse(refused.stdout).code], [3, 'locked'])
    await fleet().json(['down'], options())
    assert.deepEqual(await fleet().json(['db', 'status'], options()), up)
    const undone = await fleet().json<{ applied: string[] }>(['db', 'migrate', '--to', '0', '--yes'], options()) // prettier-ignore
    assert.equal(undone.applied.length, up.version)
    const empty = await fleet().json(['db', 'status'], options())
    assert.deepEqual(empty, { ...up, version: 0 })
  })
})

describe('a home with the embedded database', function () {
  this.timeout(60_000)
  const fleet = useFleet({ services: ['alpha'], database: 'embedded' })

  it('has one owner at a time, and keeps what was written before and after', async () => {
    await fleet().json(['user', 'add', 'before@berth.test'])
    const holder = { role: 'another berth command' }
    const lock = await acquireLock({ folder: join(fleet().home, 'run'), name: DAEMON_LOCK, holder })
    const commands = [['user', 'list'], ['db', 'status'], ['up']]
    const refused = await Promise.all(commands.map((args) => fleet().run([...args, '--json'])))
    await lock.release()
    for (const { code, stdout } of refused) {
      assert.deepEqual([code, JSON.parse(stdout).code], [3, 'locked'])
      assert.match(stdout, new RegExp(`another berth command \\(pid ${process.pid},`))
    }
    const { daemon } = await fleet().json(['up'])
    assert.equal(daemon.database, 'embedded')
    await fleet().json(['user', 'add', 'with@berth.test'])
    await fleet().json(['down'])
    const users = await fleet().json<{ users: { email: string }[] }>(['user', 'list'])
    assert.deepEqual(emailsOf(users).sort(), ['before@berth.test', 'with@berth.test'])
    assert.ok(readFileSync(join(fleet().home, 'master.key'), 'utf8').length > 40)
  })
})
