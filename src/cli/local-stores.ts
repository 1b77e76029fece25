import type { Config } from '../base/config.ts'
import { prepareHome } from '../base/home.ts'
import { acquireLock } from '../base/lock.ts'
import { silentLog } from '../base/log.ts'
import { DAEMON_LOCK } from '../compose/fleet/wanted.ts'
import { openDatabase, prepareDatabase } from '../compose/accounts/open.ts'
import type { OpenVault } from '../compose/keys/open-vault.ts'
import type { Database } from '../store/database.ts'
import { requireDaemonsDatabase } from './same-database.ts'

/** Database and vault, opened by the command itself. */
export type LocalStores = { database: Database; vault: OpenVault }

/** The embedded database has one owner at a time. */
export const BESIDE_FLEET =
  'Stop the fleet first (berth down), or use Postgres (DATABASE_URL): several processes can work on it.'

/**
 * Does `work` on the database itself. The embedded one has one owner at a time, so its lock is taken; Postgres looks after
 * itself.
 * @throws AppError `locked` naming who owns the embedded database
 */
export const withLocalStores = async <T>(
  config: Config,
  work: (stores: LocalStores) => Promise<T>,
): Promise<T> => {
  prepareHome(config.home, config.pm2Home)
  await requireDaemonsDatabase(config)
  const holder = { role: 'another berth command' }
  const lock =
    config.databaseUrl === undefined
      ? await acquireLock({
          folder: config.home.run,
          name: DAEMON_LOCK,
          holder,
          wayOut: BESIDE_FLEET,
        })
      : undefined
  try {
    const database = await openDatabase(config, silentLog)
    try {
      const vault = await prepareDatabase(config, database)
      return await work({ database, vault }).finally(vault.watch.stop)
    } finally {
      await database.close()
    }
  } finally {
    await lock?.release()
  }
}
