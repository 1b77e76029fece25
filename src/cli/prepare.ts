import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Config } from '../base/config.ts'
import { prepareHome } from '../base/home.ts'
import { loadAdminToken, loadHostKey } from '../compose/fleet/wanted.ts'

/**
 * Makes what the fleet's processes will read: the home, its keys, and the database's address, which may hold a password
 * and so goes on in a 0600 file instead of PM2's environment.
 *
 * @returns whether that address is another than before: a daemon that runs has read the old one
 */
export const prepareFiles = (config: Config): boolean => {
  prepareHome(config.home, config.pm2Home)
  loadHostKey(config)
  loadAdminToken(config)
  if (config.databaseUrl === undefined) return false
  const file = config.home.databaseUrlFile
  const text = `${config.databaseUrl}\n`
  const before = existsSync(file) ? readFileSync(file, 'utf8') : undefined
  if (before !== text) writeFileSync(file, text, { mode: 0o600 })
  return before !== undefined && before !== text
}
