import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Config } from '../base/config.ts'
import { findLockHolder, type LockHolder } from '../base/lock.ts'
import { silentLog } from '../base/log.ts'
import { commandOf, findProcessesWith } from '../base/proc.ts'
import { findFleetPrograms } from '../compose/fleet/programs.ts'
import { migrationsFolder, openDatabase } from '../compose/accounts/open.ts'
import { pm2Command } from '../processes/launch.ts'
import { createPm2 } from '../processes/pm2.ts'
import { callPm2 } from '../processes/rpc.ts'
import { migrationStatus, type MigrationStatus } from '../store/migrate.ts'
import { listVaultKeys, type VaultKey } from '../store/vault-keys.ts'
import { loadKeyRing } from '../vault/key-ring.ts'
import { fixedKeys } from '../vault/keys.ts'
import { createVault } from '../vault/vault.ts'
import { DAEMON_LOCK, type WantedFleet } from '../compose/fleet/wanted.ts'
import { findDaemon } from './daemon-client.ts'

const PM2_MS = 5_000

/** What several checks of `berth doctor` ask about this home. Nothing is made or changed by asking. */
export type Facts = {
  /** The fleet's programs that were started for this home, whoever runs them. */
  findPrograms: () => number[]
  findPm2Daemons: () => number[]
  /** Pids of PM2's apps, and which of them are of this home; undefined when PM2 does not answer. */
  managed: () => Promise<{ all: ReadonlySet<number>; ours: readonly number[] } | undefined>
  holder: () => Promise<LockHolder | undefined>
  /** Undefined: nobody can be asked. */
  database: () => Promise<DatabaseFacts | undefined>
}

/** What the checks are made from. */
export type DoctorParts = {
  config: Config
  facts: Facts
  /** What made it impossible to load, when it was. */
  fleet: WantedFleet | { failure: unknown }
  /** Of `DATABASE_URL_FILE`, when it is set. */
  databaseUrlFile: string | undefined
  fix: boolean
}

type DatabaseFacts = { schema: MigrationStatus; keys: readonly VaultKey[] }

export const gatherFacts = (config: Config): Facts => ({
  findPrograms: () => findFleetPrograms(config),
  // PM2's daemon writes a title over its command line; until then it is the path of its program.
  findPm2Daemons: () =>
    findProcessesWith('PM2_HOME', config.pm2Home).filter((pid) =>
      /God Daemon|pm2\/lib\/Daemon\.js/.test(commandOf(pid)),
    ),
  managed: once(async () => {
    const processes = await createPm2(config.pm2Home).list().catch(() => undefined) // prettier-ignore
    if (processes === undefined) return undefined
    const pidsOf = (some: typeof processes) => some.flatMap(({ pid }) => pid ?? [])
    // An operator may have apps of their own in this PM2.
    const ours = processes.filter(({ env }) => env['BERTH_HOME'] === config.home.root)
    return { all: new Set(pidsOf(processes)), ours: pidsOf(ours) }
  }),
  holder: once(() => findLockHolder(config.home.run, DAEMON_LOCK)),
  database: once(() =>
    config.databaseUrl === undefined ? askDaemon(config) : inspectPostgres(config),
  ),
})

const once = <T>(ask: () => Promise<T>): (() => Promise<T>) => {
  let answer: Promise<T> | undefined
  return () => (answer ??= ask())
}

const inspectPostgres = async (config: Config): Promise<DatabaseFacts> => {
  const database = await openDatabase(config, silentLog)
  try {
    const schema = await migrationStatus(database, migrationsFolder(config))
    return { schema, keys: schema.version === 0 ? [] : await listVaultKeys(database) }
  } finally {
    await database.close()
  }
}

/** The embedded database belongs to the daemon, so the daemon is asked. */
const askDaemon = async (config: Config): Promise<DatabaseFacts | undefined> => {
  if (!existsSync(config.adminTokenFile)) return undefined // asking would make one
  const daemon = await findDaemon(config)
  if (daemon === undefined) return undefined
  return { schema: await daemon.get<MigrationStatus>('/api/v1/admin/database'), keys: [] }
}

/** Opens the ring and tries it on what the database holds. @returns the number of keys */
export const tryKeyRing = async (config: Config, facts: Facts): Promise<number> => {
  const ring = loadKeyRing(config.masterKeyFile, ['its keys'])
  const vault = await createVault(fixedKeys(ring))
  // A database that cannot be asked is another check's finding.
  const database = await facts.database().catch(() => undefined)
  for (const key of database?.keys ?? [])
    if (key.state === 'active' || key.state === 'retired') vault.verifyCheck(key)
  return ring.keys.size
}

export const installedPm2 = (): string => {
  const file = join(dirname(dirname(pm2Command())), 'package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

/** The version of this home's PM2 daemon; undefined when none answers. */
export const runningPm2 = async ({ pm2Home }: Config): Promise<string | undefined> => {
  const call = { method: 'getVersion', args: [{}], deadlineMs: PM2_MS }
  const version = await callPm2(join(pm2Home, 'rpc.sock'), call).catch(() => undefined)
  return typeof version === 'string' ? version : undefined
}
