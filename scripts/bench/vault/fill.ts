import { randomBytes } from 'node:crypto'
import { readConfig } from '../../../src/base/config.ts'
import { silentLog } from '../../../src/base/log.ts'
import { hashSecret, makeHandle, makeInstanceSecret } from '../../../src/model/instance.ts'
import { prepareDatabase } from '../../../src/compose/accounts/open.ts'
import { openPostgres } from '../../../src/store/postgres.ts'

/** What the bench knows of an instance, to compare with afterwards. */
export type Filled = { handle: string; userId: string; apiKey: string; secret: string }

type Place = { url: string; env: Readonly<Record<string, string>> }

const PAGE = 2_000
const INSERT = `
  insert into user_service_instances (instance_id, user_id, service_type, encrypted_api_key, secret_hash, sealed_secret)
  select i, u, 'echo', e, h, s from unnest($1::text[], $2::uuid[], $3::text[], $4::bytea[], $5::text[]) as t(i, u, e, h, s)`

/** Makes users with an instance each, sealed the way the daemon does. */
export const fillInstances = async ({ url, env }: Place, count: number): Promise<Filled[]> => {
  const database = await openPostgres(url, silentLog)
  const vault = await prepareDatabase(readConfig(env), database)
  const all: Filled[] = []
  try {
    while (all.length < count) {
      const size = Math.min(PAGE, count - all.length)
      const users = await database.query<{ id: string }>(
        `insert into users (email) select $1 || n || '@bench' from generate_series(1, $2::int) n returning id`,
        [randomBytes(6).toString('hex'), size],
      )
      const page = users.map(({ id: userId }) => ({
        handle: makeHandle('echo', userId),
        userId,
        apiKey: randomBytes(24).toString('base64url'),
        secret: makeInstanceSecret(),
      }))
      const sealed = page.map((one) => {
        const place = { ...one, service: 'echo' }
        return {
          credentials: vault.seal({ ...place, column: 'encrypted_api_key' }, JSON.stringify({ api_key: one.apiKey })), // prettier-ignore
          secret: vault.seal({ ...place, column: 'sealed_secret' }, one.secret),
        }
      })
      await database.query(INSERT, [
        page.map(({ handle }) => handle),
        page.map(({ userId }) => userId),
        sealed.map(({ credentials }) => credentials),
        page.map(({ secret }) => hashSecret(secret)),
        sealed.map(({ secret }) => secret),
      ])
      all.push(...page)
    }
    return all
  } finally {
    await vault.watch.stop()
    await database.close()
  }
}

/** Opens everything again. @returns how many are not what was entered */
export const countLost = async (
  { url, env }: Place,
  filled: readonly Filled[],
): Promise<number> => {
  const database = await openPostgres(url, silentLog)
  const vault = await prepareDatabase(readConfig(env), database)
  try {
    const wanted = new Map(filled.map((one) => [one.handle, one]))
    let after = ''
    for (;;) {
      const rows = await database.query<{ id: string; user: string; key: string; secret: string }>(
        `select instance_id as id, user_id as user, encrypted_api_key as key, sealed_secret as secret
         from user_service_instances where instance_id > $1 order by instance_id limit ${PAGE}`,
        [after],
      )
      if (rows.length === 0) return wanted.size
      for (const { id: handle, user: userId, key, secret } of rows) {
        const place = { handle, userId, service: 'echo' }
        const one = wanted.get(handle)
        const opened = vault.open({ ...place, column: 'encrypted_api_key' }, key)
        const isKey = opened === JSON.stringify({ api_key: one?.apiKey })
        const isSecret = vault.open({ ...place, column: 'sealed_secret' }, secret) === one?.secret
        if (isKey && isSecret) wanted.delete(handle)
        after = handle
      }
    }
  } finally {
    await vault.watch.stop()
    await database.close()
  }
}
