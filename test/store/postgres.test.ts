import assert from 'node:assert/strict'
import { AppError } from '../../src/base/errors.ts'
import { logThrough, silentLog } from '../../src/base/log.ts'
import type { Database } from '../../src/store/database.ts'
import { migrateDatabase } from '../../src/store/migrate.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { useCleanup } from '../support/cleanup.ts'
import { createPostgres, MIGRATIONS, skipWithoutPostgres } from '../support/databases.ts'
import { findFreePorts } from '../support/free-ports.ts'
import { waitUntil } from '../support/wait-until.ts'

describe('Postgres', () => {
  let serverUrl = ''
  let database: Database
  let close = () => Promise.resolve()
  const events: string[] = []
  const log = logThrough((_level, { event }) => events.push(String(event)), 'store')
  before(async function () {
    await skipWithoutPostgres(this)
    const { url, drop } = await createPostgres()
    serverUrl = url
    database = await openPostgres(url, log)
    close = () => database.close().then(drop)
  })
  after(() => close())
  const cleanUp = useCleanup()
  const openAnother = async (): Promise<Database> => {
    const another = await openPostgres(serverUrl, silentLog)
    cleanUp(() => another.close().catch(() => undefined)) // a test may have closed it
    return another
  }
  const urlWith = (change: (url: URL) => void): string => {
    const url = new URL(serverUrl)
    url.password = 'hunter2'
    change(url)
    return url.href
  }

  it('is migrated once by several processes with connections of their own', async () => {
    const opened = await Promise.all([1, 2, 3].map(() => openAnother()))
    const runs = await Promise.all(opened.map((one) => migrateDatabase(one, MIGRATIONS)))
    const counts = runs.map((files) => files.length).sort()
    assert.ok(counts[2]! > 0)
    assert.deepEqual(counts.slice(0, 2), [0, 0])
  })

  it('answers a prepared statement also when a column has another type by now', async () => {
    const another = await openAnother()
    await another.script('create table shapes (id int); insert into shapes values (1)')
    const ask = () =>
      another.query('select id from shapes where id::text = $1', ['1'], { isPrepared: true })
    for (let time = 0; time < 6; time++) assert.deepEqual(await ask(), [{ id: 1 }])
    const [named] = await another.query("select count(*)::int as count from pg_prepared_statements where statement like '%shapes%'") // prettier-ignore
    assert.deepEqual(named, { count: 1 })
    await another.script('alter table shapes alter column id type text')
    assert.deepEqual(await ask(), [{ id: '1' }])
    await another.script('drop table shapes')
  })

  it('says that it does not answer, without the password', async () => {
    const [closed = 0] = await findFreePorts(1)
    const unreachable = {
      'nobody listens': urlWith((url) => (url.port = String(closed))),
      'no such database': urlWith((url) => (url.pathname = '/berth_test_nowhere')),
    }
    for (const [why, url] of Object.entries(unreachable))
      await assert.rejects(
        openPostgres(url, silentLog),
        (error: unknown) => {
          assert.ok(error instanceof AppError && error.code === 'database_unavailable')
          assert.match(error.message, /does not answer: \S+.*DATABASE_URL/)
          assert.doesNotMatch(error.message, /hunter2/)
          return true
        },
        why,
      )
  })

  it('takes back everything that a failed transaction did, and its connection', async () => {
    await database.script('create table things (id int primary key)')
    const failing = Array.from({ length: 30 }, (_, index) =>
      database.transaction(async (transaction) => {
        await transaction.query('insert into things (id) values ($1)', [index])
        throw new AppError('internal', 'on purpose')
      }),
    )
    const results = await Promise.allSettled(failing)
    for (const result of results)
      assert.ok(result.status === 'rejected' && result.reason instanceof AppError)
    assert.deepEqual(await database.query('select * from things'), [])
    await database.transaction((it) => it.query('insert into things (id) values (1)'))
    assert.deepEqual(await database.query('select * from things'), [{ id: 1 }])
  })

  it('shows nothing of a transaction to others before it ends', async () => {
    await database.script('create table drafts (id int)')
    await database.transaction(async (transaction) => {
      await transaction.query('insert into drafts (id) values (1)')
      assert.deepEqual(await database.query('select * from drafts'), [])
    })
    assert.deepEqual(await database.query('select * from drafts'), [{ id: 1 }])
  })

  it('goes on after its idle connections were cut', async () => {
    const other = await openAnother()
    await Promise.all([1, 2, 3].map(() => database.query('select 1')))
    events.length = 0
    const cut = await other.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid()`,
    )
    assert.ok(cut.length > 0)
    await waitUntil('the pool notices', () => events.length === cut.length)
    assert.deepEqual(new Set(events), new Set(['database connection lost']))
    assert.deepEqual(await database.query('select 1 as one'), [{ one: 1 }])
  })

  it('outlives a connection that breaks in a transaction, between two queries', async () => {
    const other = await openAnother()
    const broken = other.transaction(async (transaction) => {
      const [one] = await transaction.query<{ pid: number }>('select pg_backend_pid() as pid')
      await database.query('select pg_terminate_backend($1)', [one?.pid])
      const isGone = () => database.query('select 1 from pg_stat_activity where pid = $1', [one?.pid]).then((rows) => rows.length === 0) // prettier-ignore
      await waitUntil('it is gone', isGone)
      await transaction.query('select 1')
    })
    await assert.rejects(broken, { code: 'database_unavailable' })
    assert.deepEqual(await other.query('select 1 as one'), [{ one: 1 }])
  })

  it('leaves no connection behind when it is closed', async () => {
    const other = await openAnother()
    const pids = await Promise.all(
      [1, 2, 3].map(() =>
        other.transaction(async (transaction) => {
          const rows = await transaction.query<{ pid: number }>('select pg_backend_pid() as pid')
          return rows[0]?.pid
        }),
      ),
    )
    const left = () =>
      database.query('select pid from pg_stat_activity where pid = any($1)', [pids])
    assert.equal((await left()).length, 3)
    await other.close()
    await waitUntil('the connections are gone', async () => (await left()).length === 0)
  })
})
