import { join } from 'node:path'
import { createAccounts, type Accounts } from '../../api/accounts.ts'
import type { Config } from '../../base/config.ts'
import { AppError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { checksLater, type KeyChecks } from '../keys/checks.ts'
import type { Service } from '../../model/service.ts'
import { checkKeyRing, openVault, type OpenVault } from '../keys/open-vault.ts'
import type { Database } from '../../store/database.ts'
import {
  deleteInstance, findInstanceOf, insertInstance, listInstancesOf, replaceCredentials,
  replaceSecret, setInstanceActive,
} from '../../store/instances.ts' // prettier-ignore
import { countRealInstances, listAllInstances } from '../../store/instance-overview.ts'
import { deleteIdentity, insertIdentity, listIdentities } from '../../store/identities.ts'
import { migrateDatabase } from '../../store/migrate.ts'
import { openPglite } from '../../store/pglite.ts'
import { openPostgres } from '../../store/postgres.ts'
import { insertToken, listTokens, revokeToken } from '../../store/tokens.ts'
import { removeUser } from '../../store/user-removal.ts'
import { findUser, findUserByEmail, insertUser, listUsers, setMaxInstances, setRole } from '../../store/users.ts' // prettier-ignore
import type { Vault } from '../../vault/vault.ts'

/** Opens the configured database. The caller holds the home's lock when it is the embedded one. */
export const openDatabase = (config: Config, log: Log): Promise<Database> =>
  config.databaseUrl === undefined
    ? openPglite(config.home.pg)
    : openPostgres(config.databaseUrl, log)

export const migrationsFolder = (config: Config): string =>
  join(config.packageRoot, 'db', 'migrations')

/**
 * Brings the schema up to date and opens the vault over it: a ring that cannot open what this database holds is refused
 * before anything is changed.
 *
 * @param role what others call this process: `main-api`, `gateway`, `berth` for a command. One that lasts starts the
 * vault's `watch`, so that it hears of new keys; every one stops it at its end
 *
 * @throws AppError `key_missing`, `sandbox_refused`, `migration_failed`
 */
export const prepareDatabase = async (
  config: Config,
  database: Database,
  role = 'berth',
): Promise<OpenVault> => {
  await checkKeyRing(config, database)
  await migrateDatabase(database, migrationsFolder(config))
  const vault = await openVault(config, database, role)
  if (config.sandboxUrl !== undefined && (await countRealInstances(database)) > 0)
    throw new AppError(
      'sandbox_refused',
      'BERTH_SANDBOX_URL is set, but this database holds instances made without it: their real keys would go to the ' +
        'sandbox. Use another database (or BERTH_HOME) for the sandbox.',
    )
  return vault
}

type Parts = {
  config: Config
  database: Database
  vault: Vault
  services: () => readonly Service[]
  onInstanceChange: (handle: string) => void
  onTokenChange?: () => void
  /** By default nobody is asked now. */
  checks?: KeyChecks
}

/** Joins store and vault to the accounts that routes and commands use. */
export const composeAccounts = ({
  config,
  database,
  vault,
  services,
  onInstanceChange,
  onTokenChange,
  checks = checksLater(services),
}: Parts): Accounts =>
  createAccounts({
    services,
    baseUrl: config.baseUrl,
    isSandbox: config.sandboxUrl !== undefined,
    seal: vault.seal,
    open: vault.open,
    insertUser: (email) => insertUser(database, email),
    findUserByEmail: (email) => findUserByEmail(database, email),
    findUser: (id) => findUser(database, id),
    listUsers: (page) => listUsers(database, page),
    setRole: (userId, role) => setRole(database, userId, role),
    setMaxInstances: (userId, most) => setMaxInstances(database, userId, most),
    removeUser: (userId) => removeUser(database, userId),
    insertIdentity: (identity) => insertIdentity(database, identity),
    listIdentities: (userId) => listIdentities(database, userId),
    deleteIdentity: (identity) => deleteIdentity(database, identity),
    insertToken: (token) => insertToken(database, token),
    listTokens: (filter) => listTokens(database, filter),
    revokeToken: (id) => revokeToken(database, id),
    findInstanceOf: (owner) => findInstanceOf(database, owner),
    listAllInstances: (page) => listAllInstances(database, page),
    listInstancesOf: (userId) => listInstancesOf(database, userId),
    insertInstance: (instance) => insertInstance(database, instance),
    replaceCredentials: (change) => replaceCredentials(database, change),
    replaceSecret: (change) => replaceSecret(database, change),
    setInstanceActive: (change) => setInstanceActive(database, change),
    deleteInstance: (owner) => deleteInstance(database, owner),
    verify: checks.verify,
    recheck: checks.recheck,
    onInstanceChange,
    onAccountChange: () => onTokenChange?.(),
  })
