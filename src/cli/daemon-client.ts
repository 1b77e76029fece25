import type { Config } from '../base/config.ts'
import { AppError } from '../base/errors.ts'
import { findLockHolder } from '../base/lock.ts'
import { findListener } from '../base/proc.ts'
import { DAEMON_LOCK } from '../daemon.ts'
import { DAEMON_NAME, loadAdminToken } from '../wanted-fleet.ts'
import { createClient, type Client } from './client.ts'

/** The daemon of this home that serves; undefined when there is none. */
export const findDaemon = async (config: Config): Promise<Client | undefined> => {
  const holder = await findLockHolder(config.home.run, DAEMON_LOCK)
  if (holder?.role !== DAEMON_NAME || holder.url === undefined) return undefined
  // It takes the lock before its port; whoever else listens there meanwhile shall not get the admin token.
  const { port } = new URL(holder.url)
  if (findListener(Number(port))?.pid !== holder.pid) return undefined
  return createClient(holder.url, loadAdminToken(config))
}

/** @throws AppError `daemon_not_running` */
export const requireDaemon = async (config: Config): Promise<Client> => {
  const daemon = await findDaemon(config)
  if (daemon) return daemon
  throw new AppError(
    'daemon_not_running',
    'The fleet is not up. Start it with: berth up (or npm start)',
  )
}
