import { existsSync } from 'node:fs'
import type { Config } from '../base/config.ts'
import { prepareHome } from '../base/home.ts'
import { acquireLock } from '../base/lock.ts'
import { silentLog } from '../base/log.ts'
import { DAEMON_LOCK } from '../compose/fleet/wanted.ts'
import {
  withLegacySource,
  type LegacySource,
  type SourceOptions,
} from '../compose/migration/source.ts'
import type { MigrationParts } from '../compose/migration/run.ts'
import type { OnConflict } from '../migration/conflicts.ts'
import { readPlanFile } from '../migration/plan-file.ts'
import { openDatabase } from '../compose/accounts/open.ts'
import { loadRegistry } from '../registry/load.ts'
import type { Database } from '../store/database.ts'
import { isSchemaWithLedger } from '../store/migration-ledger.ts'
import { loadKeyRing } from '../vault/key-ring.ts'
import { fixedKeys } from '../vault/keys.ts'
import { createVault } from '../vault/vault.ts'
import { BESIDE_FLEET, withLocalStores, type LocalStores } from './local-stores.ts'
import { note } from './output.ts'
import { requireDaemonsDatabase } from './same-database.ts'

export type MigrateOptions = SourceOptions & {
  onConflict?: OnConflict
  /** A file of `berth migrate plan --out`. */
  plan?: string | undefined
}

type Opened = MigrationParts & { source: Database; from: LegacySource; onConflict: OnConflict } // prettier-ignore

/** Opens both databases and joins them to what a run and a verification need. */
export const withMigration = <T>(
  config: Config,
  options: MigrateOptions,
  work: (opened: Opened & { stores: LocalStores }) => Promise<T>,
): Promise<T> =>
  withLocalStores(config, (stores) =>
    withLegacySource({ config, options, own: ownFor(config, stores.database) }, (from) => {
      const { rules, onConflict } = rulesOf(config, options, from)
      return work({
        stores,
        from,
        source: from.database,
        target: stores.database,
        vault: stores.vault,
        variant: from.variant,
        decoder: from.decoder,
        rules,
        onConflict,
        isSandbox: config.sandboxUrl !== undefined,
      })
    }),
  )

/** The old tables may be beside Berth's own in the embedded database; a Postgres is opened a second time. */
const ownFor = (config: Config, database: Database): Database | undefined =>
  config.databaseUrl === undefined ? database : undefined

const rulesOf = (config: Config, options: MigrateOptions, from: LegacySource) => {
  if (from.isPassphraseOpen) note(`${options.passphraseFile} can be read by others. Run: chmod 600 ${options.passphraseFile}`) // prettier-ignore
  const { services } = loadRegistry(config.registryDir)
  const byName = new Map(services.map((service) => [service.name, service]))
  const of = { source: from.label, variant: from.variant, services: [...byName.keys()] }
  const plan = options.plan === undefined ? undefined : readPlanFile(options.plan, of)
  const onConflict = options.onConflict ?? plan?.onConflict ?? 'newest'
  const decisions = new Set(plan?.conflicts.flatMap(({ keep }) => keep ?? []))
  return {
    onConflict,
    rules: { services: byName, types: plan?.types ?? {}, onConflict, decisions },
  }
}

type ForPlan = Pick<Opened, 'from' | 'rules' | 'onConflict'> & {
  target: Database | undefined
  moved: { database: Database; vault: MigrationParts['vault'] } | undefined
}

/** Opens what is there and makes nothing: neither a home's database nor a schema. */
export const withPlanning = <T>(
  config: Config,
  options: MigrateOptions,
  work: (opened: ForPlan) => Promise<T>,
): Promise<T> =>
  withOwnDatabase(config, (own) =>
    withLegacySource({ config, options, own: own && ownFor(config, own) }, async (from) => {
      const { rules, onConflict } = rulesOf(config, options, from)
      return work({
        from,
        rules,
        onConflict,
        target: own,
        moved: own && (await movedIn(config, own)),
      })
    }),
  )

const movedIn = async (config: Config, database: Database): Promise<ForPlan['moved']> => {
  if (!existsSync(config.masterKeyFile) || !(await isSchemaWithLedger(database))) return undefined
  const ring = loadKeyRing(config.masterKeyFile, ['the ring is there'])
  return { database, vault: await createVault(fixedKeys(ring)) }
}

const withOwnDatabase = async <T>(
  config: Config,
  work: (own: Database | undefined) => Promise<T>,
): Promise<T> => {
  const isEmbedded = config.databaseUrl === undefined
  if (isEmbedded && !existsSync(config.home.pg)) return work(undefined)
  prepareHome(config.home, config.pm2Home)
  await requireDaemonsDatabase(config)
  const lock = isEmbedded
    ? await acquireLock({ folder: config.home.run, name: DAEMON_LOCK, holder: { role: 'berth migrate' }, wayOut: BESIDE_FLEET }) // prettier-ignore
    : undefined
  try {
    const database = await openDatabase(config, silentLog)
    return await work(database).finally(database.close)
  } finally {
    await lock?.release()
  }
}
