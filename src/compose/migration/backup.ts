import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs' // prettier-ignore
import { join, resolve } from 'node:path'
import { z } from 'zod'
import type { Config } from '../../base/config.ts'
import { AppError } from '../../base/errors.ts'
import { migrationsFolder } from '../accounts/open.ts'
import { checkKeyRing, openVault } from '../keys/open-vault.ts'
import { noteRestore } from './note-restore.ts'
import { listOwnTables } from '../../store/backup/own-tables.ts'
import { dumpTables, restoreTables } from '../../store/backup/pg-dump.ts'
import { copyRowsFrom, copyRowsTo } from '../../store/backup/row-copy.ts'
import type { Database } from '../../store/database.ts'
import { migrateDatabase, migrationStatus } from '../../store/migrate.ts'
import { listVaultKeys } from '../../store/vault-keys.ts'
import { loadKeyRing } from '../../vault/key-ring.ts'

/** What stands beside a backup, in `<file>.json`. */
const noteSchema = z.object({
  madeAt: z.string(),
  format: z.enum(['pg_dump', 'rows']),
  schemaVersion: z.number(),
  tables: z.array(z.string()),
  /** The keys that sealed what is in it; without them it is worth nothing. */
  keys: z.array(z.string()),
  sealingKey: z.string().nullable(),
})

type BackupNote = z.output<typeof noteSchema>
export type Backup = BackupNote & { file: string }

type Parts = { config: Config; database: Database }

/**
 * Copies the rows of Berth's own tables to a new file (0600): by pg_dump where that works, else as JSON lines. Keys in it are
 * sealed as in the database; the ring is not in it.
 *
 * @param file by default in `$BERTH_HOME/backups`, by time
 */
export const backupDatabase = async (
  { config, database }: Parts,
  file?: string,
): Promise<Backup> => {
  const madeAt = new Date().toISOString()
  const path = resolve(file ?? join(backupsFolder(config), `${madeAt.replace(/[:.]/g, '-')}.backup`)) // prettier-ignore
  if (existsSync(path)) throw new AppError('backup_invalid', `${path} exists already; name another file.`) // prettier-ignore
  const tables = await listOwnTables(database, migrationsFolder(config))
  const format = await writeRows({ config, database }, tables, path)
  const keys = tables.includes('vault_keys') ? await listVaultKeys(database) : []
  const note: BackupNote = {
    madeAt,
    format,
    schemaVersion: (await migrationStatus(database, migrationsFolder(config))).version,
    tables,
    keys: keys.filter(({ state }) => state !== 'removed').map(({ kid }) => kid),
    sealingKey: keys.find(({ state }) => state === 'active')?.kid ?? null,
  }
  writeFileSync(`${path}.json`, `${JSON.stringify(note, undefined, 2)}\n`, { mode: 0o600 })
  return { ...note, file: path }
}

const backupsFolder = ({ home }: Config): string => {
  const folder = join(home.root, 'backups')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

const writeRows = async (
  { config, database }: Parts,
  tables: readonly string[],
  path: string,
): Promise<BackupNote['format']> => {
  if (config.databaseUrl !== undefined && tables.length > 0)
    try {
      await dumpTables({ url: config.databaseUrl, folder: config.home.run }, tables, path)
      return 'pg_dump'
    } catch {
      // not installed, or older than the server
    }
  await copyRowsTo(database, tables, path)
  return 'rows'
}

/**
 * Puts what a backup holds in the place of what Berth's tables hold, all or nothing, brings the schema up to date,
 * and notes it in the audit log.
 * @throws AppError `legacy_invalid` for a file that is none, `key_missing` when the ring lacks a key that sealed it
 */
export const restoreDatabase = async (
  { config, database }: Parts,
  file: string,
): Promise<Backup> => {
  const path = resolve(file)
  const note = readNote(path)
  const ring = loadKeyRing(config.masterKeyFile, note.keys)
  const missing = note.keys.filter((kid) => !ring.keys.has(kid))
  if (missing.length > 0)
    throw new AppError('key_missing', `The backup needs the ${missing.join(', ')} of the key ring it was made with. Restore master.key first.`) // prettier-ignore
  const folder = migrationsFolder(config)
  await migrateDatabase(database, folder, note.schemaVersion)
  if (note.format === 'rows') await copyRowsFrom(database, note.tables, path)
  else if (config.databaseUrl === undefined)
    throw new AppError('backup_invalid', `${path} is of a Postgres; set DATABASE_URL to restore it there.`) // prettier-ignore
  else await restoreTables({ url: config.databaseUrl, folder: config.home.run }, note.tables, path)
  await migrateDatabase(database, folder)
  await checkKeyRing(config, database)
  const vault = await openVault(config, database, 'berth')
  await noteRestore({ config, database, vault }, note.madeAt).finally(vault.watch.stop)
  return { ...note, file: path }
}

const MAGIC: Readonly<Record<BackupNote['format'], Buffer>> = {
  pg_dump: Buffer.from('PGDMP'),
  rows: Buffer.from([0x1f, 0x8b]),
}

const readNote = (path: string): BackupNote => {
  try {
    const note = noteSchema.parse(JSON.parse(readFileSync(`${path}.json`, 'utf8')))
    const magic = MAGIC[note.format]
    if (firstBytes(path, magic.length).equals(magic)) return note
  } catch (cause) {
    throw notABackup(path, cause)
  }
  throw notABackup(path)
}

const firstBytes = (path: string, length: number): Buffer => {
  const descriptor = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(length)
    readSync(descriptor, bytes, 0, length, 0)
    return bytes
  } finally {
    closeSync(descriptor)
  }
}

const notABackup = (path: string, cause?: unknown): AppError =>
  new AppError(
    'backup_invalid',
    `${path} is no backup of berth db backup, or ${path}.json, which was made with it, is not beside it.`,
    { cause },
  )
