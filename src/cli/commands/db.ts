import { InvalidArgumentError, type Command } from 'commander'
import { readConfig, type Config } from '../../base/config.ts'
import { AppError } from '../../base/errors.ts'
import { prepareHome } from '../../base/home.ts'
import { acquireLock } from '../../base/lock.ts'
import { silentLog } from '../../base/log.ts'
import { backupDatabase, restoreDatabase, type Backup } from '../../compose/migration/backup.ts'
import { DAEMON_LOCK } from '../../compose/fleet/wanted.ts'
import { migrationsFolder, openDatabase } from '../../compose/accounts/open.ts'
import { countRows, listOwnTables } from '../../store/backup/own-tables.ts'
import type { Database } from '../../store/database.ts'
import { migrateDatabase, migrationStatus, type MigrationStatus } from '../../store/migrate.ts'
import { findDaemon } from '../daemon-client.ts'
import { requireDaemonsDatabase } from '../same-database.ts'
import { confirm } from '../confirm.ts'
import { count, note, print, printJson } from '../output.ts'

const parseVersion = (text: string): number => {
  if (/^\d{1,3}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('A version is a number; 0 undoes everything.')
}

type MigrateOptions = { to?: number; down?: boolean; json?: boolean; yes?: boolean }

/** Names every table that goes, with its rows, and asks. @throws AppError `confirmation_needed` */
const confirmUndo = async (
  config: Config,
  database: Database,
  { to, yes }: { to: number; yes: boolean | undefined },
): Promise<void> => {
  const folder = migrationsFolder(config)
  const { version } = await migrationStatus(database, folder)
  if (version <= to) return
  const dropped: string[] = []
  for (const table of await listOwnTables(database, folder, to))
    dropped.push(`${table} (${count(await countRows(database, table), 'row')})`)
  const what = dropped.length > 0 ? `; these tables go for good: ${dropped.join(', ')}` : ''
  await confirm(`This takes the schema from version ${version} back to ${to}${what}. A backup: berth db backup.`, yes) // prettier-ignore
}

export const add = (program: Command): void => {
  const db = program.command('db').description('the database schema')
  db.command('migrate')
    .description('bring the schema up to date')
    .option('--to <version>', 'to this version; 0 undoes everything that Berth made', parseVersion)
    .option('--down', 'undo everything that Berth made: the same as --to 0')
    .option('--yes', 'do not ask before something is dropped')
    .option('--json', 'print JSON')
    .action(async ({ down, json, yes, ...given }: MigrateOptions) => {
      const config = readConfig()
      const to = down ? 0 : given.to
      if (await findDaemon(config)) {
        if (to === undefined) return report([], json)
        throw new AppError('locked', 'The daemon uses this schema. Stop it first: berth down')
      }
      report(
        await withDatabase(config, async (database) => {
          if (to !== undefined) await confirmUndo(config, database, { to, yes })
          return migrateDatabase(database, migrationsFolder(config), to)
        }),
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
  addBackup(db)
  addRestore(db)
}

const addBackup = (db: Command): void => {
  db.command('backup')
    .argument('[file]', 'a new file; by default in $BERTH_HOME/backups, named by the time')
    .description("copy what Berth's own tables hold to a file (0600)")
    .option('--json', 'print JSON')
    .action(async (file: string | undefined, { json }: { json?: boolean }) => {
      const config = readConfig()
      const backup = await withDatabase(config, (database) => backupDatabase({ config, database }, file), { beside: true }) // prettier-ignore
      if (json) printJson(backup)
      else printBackup(backup)
    })
}

const printBackup = ({ file, tables, keys }: Backup): void => {
  print(`${file}: ${count(tables.length, 'table')}.`)
  note(`It opens with ${keys.join(', ') || 'any key ring'} only: keep a backup of the key ring too, somewhere else.`) // prettier-ignore
}

const addRestore = (db: Command): void => {
  db.command('restore')
    .argument('<file>', 'of berth db backup; the .json that was made with it is beside it')
    .description("put a backup in the place of what Berth's own tables hold")
    .option('--yes', 'do not ask')
    .option('--json', 'print JSON')
    .action(async (file: string, { yes, json }: { yes?: boolean; json?: boolean }) => {
      const config = readConfig()
      if (await findDaemon(config))
        throw new AppError('locked', 'The daemon uses this database. Stop it first: berth down')
      await confirm(`Everything that Berth's tables hold now goes, and ${file} comes in its place.`, yes) // prettier-ignore
      const backup = await withDatabase(config, (database) => restoreDatabase({ config, database }, file)) // prettier-ignore
      if (json) printJson(backup)
      else print(`Restored ${count(backup.tables.length, 'table')} as of ${backup.madeAt}.`)
    })
}

const report = (applied: readonly string[], json: boolean | undefined): void => {
  if (json) printJson({ applied })
  else print(applied.length === 0 ? 'The schema is up to date.' : `Applied: ${applied.join(', ')}`)
}

/** @param beside whether the daemon may use it meanwhile; the embedded one has one owner at a time */
const withDatabase = async <T>(
  config: Config,
  work: (database: Database) => Promise<T>,
  { beside = false } = {},
): Promise<T> => {
  prepareHome(config.home, config.pm2Home)
  await requireDaemonsDatabase(config)
  const holder = { role: 'berth db' }
  const isFree = beside && config.databaseUrl !== undefined
  const lock = isFree
    ? undefined
    : await acquireLock({ folder: config.home.run, name: DAEMON_LOCK, holder })
  try {
    const database = await openDatabase(config, silentLog)
    try {
      return await work(database)
    } finally {
      await database.close()
    }
  } finally {
    await lock?.release()
  }
}
