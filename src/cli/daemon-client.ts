import type { Config } from '../base/config.ts'
import { AppError } from '../base/errors.ts'
import { findLockHolder } from '../base/lock.ts'
import { findListener } from '../base/proc.ts'
import { DAEMON_LOCK, DAEMON_NAME, loadAdminToken } from '../compose/fleet/wanted.ts'
import { createClient, type Client } from './client.ts'

type Address = { url: string; token: string }

const findAddress = async (config: Config): Promise<Address | undefined> => {
  const holder = await findLockHolder(config.home.run, DAEMON_LOCK)
  if (holder?.role !== DAEMON_NAME || holder.url === undefined) return undefined
  // It takes the lock before its port; whoever else listens there meanwhile shall not get the admin token.
  const { port } = new URL(holder.url)
  if (findListener(Number(port))?.pid !== holder.pid) return undefined
  return { url: holder.url, token: loadAdminToken(config) }
}

/** The daemon of this home that serves; undefined when there is none. */
export const findDaemon = async (config: Config): Promise<Client | undefined> => {
  const address = await findAddress(config)
  return address && createClient(address.url, address.token)
}

/** @throws AppError `daemon_not_running` */
export const requireDaemon = async (config: Config): Promise<Client> => {
  const { url, token } = await requireDaemonAddress(config)
  return createClient(url, token)
}

/** Where the daemon is, for what is no plain request. @throws AppError `daemon_not_running` */
export const requireDaemonAddress = async (config: Config): Promise<Address> => {
  const address = await findAddress(config)
  if (address) return address
  throw new AppError(
    'daemon_not_running',
    'The fleet is not up. Start it with: berth up (or npm start)',
  )
}
