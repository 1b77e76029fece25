import assert from 'node:assert/strict'
import { connect, createServer } from 'node:net'
import { silentLog } from '../../src/base/log.ts'
import type { Database } from '../../src/store/database.ts'
import { createListener, type ListenerOptions } from '../../src/store/listener.ts'
import { migrateDatabase } from '../../src/store/migrate.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { useCleanup } from '../support/cleanup.ts'
import { createPostgres, MIGRATIONS, skipWithoutPostgres } from '../support/databases.ts'
import { waitUntil } from '../support/wait-until.ts'

const ANNA = '1a2b3c4d-0000-4000-8000-000000000000'

describe('a listener to Postgres', () => {
  let url = ''
  let database: Database
  let close = () => Promise.resolve()
  before(async function () {
    this.timeout(30_000)
    await skipWithoutPostgres(this)
    const postgres = await createPostgres()
    url = postgres.url
    database = await openPostgres(url, silentLog)
    await migrateDatabase(database, MIGRATIONS)
    close = () => database.close().then(postgres.drop)
  })
  after(() => close())
  const cleanUp = useCleanup()

  const listen = async (over: Partial<ListenerOptions> = {}) => {
    const heard: string[] = []
    const listener = createListener({
      url,
      channel: 'berth_changes',
      onMessage: (payload) => heard.push(payload),
      onGap: () => heard.push('gap'),
      log: silentLog,
      ...over,
    })
    cleanUp(listener.stop)
    await listener.start()
    return { heard, listener }
  }

  it('hears of everything that changes an instance or a token, and of no counters', async () => {
    const { heard } = await listen()
    const run = async (sql: string, wanted: string) => {
      heard.length = 0
      await database.query(sql)
      await waitUntil(sql, () => heard.length > 0)
      assert.deepEqual(heard, [wanted])
    }
    const where = `where instance_id = 'h'`
    await database.query(`insert into users (id, email) values ('${ANNA}', 'anna@example.com')`)
    await run(
      `insert into user_service_instances
         (instance_id, user_id, service_type, encrypted_api_key, secret_hash, sealed_secret)
         values ('h', '${ANNA}', 'figma', 'v1', '', 'v1'), ('h2', '${ANNA}', 'github', 'v1', '', 'v1')`,
      'made',
    )
    await database.query(
      `update user_service_instances set usage_count = 7, last_used_at = now() ${where}`,
    )
    for (const change of [`secret_hash = '\\x01'`, `encrypted_api_key = 'v2'`, 'is_active = false'])
      await run(`update user_service_instances set ${change} ${where}`, 'instance h')
    await run(
      `insert into api_tokens (user_id, token_hash, scopes) values ('${ANNA}', '', '{}')`,
      'token',
    )
    await run('update api_tokens set revoked_at = now()', 'token')
    await run('delete from api_tokens', 'token')
    await run(`delete from user_service_instances ${where}`, 'instance h')
  })

  it('connects again when its connection is cut, and tells that something may be lost', async () => {
    const { heard } = await listen()
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = 'berth listener'`,
    )
    await waitUntil('it listens again', () => heard.includes('gap'))
    await database.query(`select pg_notify('berth_changes', 'after')`)
    await waitUntil('it hears', () => heard.includes('after'))
  })

  it('starts while the database is away, and stops', async () => {
    const { listener } = await listen({ url: 'postgres://postgres@127.0.0.1:1/none' })
    await listener.stop()
    await listener.stop()
  })

  it('leaves a connection that no longer answers', async () => {
    // A way to Postgres that can be made to swallow everything.
    const { port } = new URL(url)
    let isDeaf = false
    let connections = 0
    const way = createServer((client) => {
      connections += 1
      isDeaf = false
      const server = connect(Number(port || 5432), '127.0.0.1')
      client.on('data', (data) => !isDeaf && server.write(data))
      server.on('data', (data) => !isDeaf && client.write(data))
      for (const [one, other] of [
        [client, server],
        [server, client],
      ] as const)
        // prettier-ignore
        one.on('error', () => undefined).on('close', () => other.destroy())
    })
    await new Promise<void>((resolve) => way.listen(0, '127.0.0.1', resolve))
    cleanUp(() => new Promise((resolve) => way.close(resolve)))
    const through = new URL(url)
    through.port = String((way.address() as { port: number }).port)
    const { heard } = await listen({ url: through.href, heartbeatMs: 20, answerMs: 200 })
    isDeaf = true
    await waitUntil('it tries another connection', () => connections > 1)
    await waitUntil('it listens again', () => heard.includes('gap'))
  })
})
