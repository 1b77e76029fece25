import { InvalidArgumentError, type Command } from 'commander'
import { readConfig, type Config } from '../../base/config.ts'
import { AppError } from '../../base/errors.ts'
import { prepareHome } from '../../base/home.ts'
import { acquireLock } from '../../base/lock.ts'
import { silentLog } from '../../base/log.ts'
import { DAEMON_LOCK } from '../../daemon.ts'
import { migrationsFolder, openDatabase } from '../../open-accounts.ts'
import type { Database } from '../../store/database.ts'
import { migrateDatabase, migrationStatus, type MigrationStatus } from '../../store/migrate.ts'
import { findDaemon } from '../daemon-client.ts'
import { print, printJson } from '../output.ts'

const parseVersion = (text: string): number => {
  if (/^\d{1,3}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('A version is a number; 0 undoes everything.')
}

export const add = (program: Command): void => {
  const db = program.command('db').description('the database schema')
  db.command('migrate')
    .description('bring the schema up to date')
    .option('--to <version>', 'to this version; 0 undoes everything that Berth made', parseVersion)
    .option('--json', 'print JSON')
    .action(async ({ to, json }: { to?: number; json?: boolean }) => {
      const config = readConfig()
      if (await findDaemon(config)) {
        if (to === undefined) return report([], json)
        throw new AppError('locked', 'The daemon uses this schema. Stop it first: berth down')
      }
      report(
        await withDatabase(config, (database) =>
          migrateDatabase(database, migrationsFolder(config), to),
        ),
        json,
      )
    })
  db.command('status')
    .description('which version the schema has')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const config = readConfig()
      const daemon = await findDaemon(config)
      const status = daemon
        ? await daemon.get<MigrationStatus>('/api/v1/admin/database')
        : await withDatabase(config, (database) =>
            migrationStatus(database, migrationsFolder(config)),
          )
      if (json) printJson(status)
      else print(`Schema version ${status.version} of ${status.newest}.`)
    })
}

const report = (applied: readonly string[], json: boolean | undefined): void => {
  if (json) printJson({ applied })
  else print(applied.length === 0 ? 'The schema is up to date.' : `Applied: ${applied.join(', ')}`)
}

const withDatabase = async <T>(
  config: Config,
  work: (database: Database) => Promise<T>,
): Promise<T> => {
  prepareHome(config.home, config.pm2Home)
  const holder = { role: 'berth db' }
  const lock = await acquireLock({ folder: config.home.run, name: DAEMON_LOCK, holder })
  try {
    const database = await openDatabase(config, silentLog)
    try {
      return await work(database)
    } finally {
      await database.close()
    }
  } finally {
    await lock.release()
  }
}
