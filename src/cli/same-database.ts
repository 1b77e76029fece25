import type { Config } from '../base/config.ts'
import { AppError } from '../base/errors.ts'
import { findLockHolder } from '../base/lock.ts'
import { DAEMON_LOCK, DAEMON_NAME } from '../compose/fleet/wanted.ts'
import { databaseLabel } from '../model/database-label.ts'

/** One machine has several names for itself. */
const normal = (label: string): string => label.replace(/^(localhost|\[::1\]):/, '127.0.0.1:')

/**
 * A command that works on the database itself must mean the one that the daemon of its home uses: with another
 * `DATABASE_URL` in its environment it would back up, or migrate into, something that nobody serves from.
 *
 * @throws AppError `database_differs`
 */
export const requireDaemonsDatabase = async (config: Config): Promise<void> => {
  const holder = await findLockHolder(config.home.run, DAEMON_LOCK)
  if (holder?.role !== DAEMON_NAME || holder.database === undefined) return
  const own = databaseLabel(config.databaseUrl)
  if (normal(holder.database) === normal(own)) return
  throw new AppError(
    'database_differs',
    `The daemon of ${config.home.root} works on the database ${holder.database}, this command would on ${own}. ` +
      'Give both the same DATABASE_URL, or stop the daemon first: berth down',
  )
}
