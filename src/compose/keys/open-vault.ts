import type { Config } from '../../base/config.ts'
import { createKeyWatch, type KeyWatch } from './watch.ts'
import type { Database } from '../../store/database.ts'
import {
  insertVaultKey,
  listKeysOfAnySchema,
  listVaultKeys,
  lockVaultKeys,
} from '../../store/vault-keys.ts'
import { loadKeyRing } from '../../vault/key-ring.ts'
import { createLiveKeys, fixedKeys } from '../../vault/keys.ts'
import { createVault, type Vault } from '../../vault/vault.ts'

/** A vault whose keys are kept as the database says, as long as `watch` runs. */
export type OpenVault = Vault & { watch: KeyWatch }

/**
 * Refuses a ring that cannot open what this database holds, before anything is changed in it or made beside it.
 * @throws AppError `key_missing`, naming the key
 */
export const checkKeyRing = async (config: Config, database: Database): Promise<void> => {
  const needed = (await listKeysOfAnySchema(database)).filter(isNeeded)
  if (needed.length === 0) return
  const vault = await createVault(fixedKeys(load(config, needed)))
  for (const check of needed) vault.verifyCheck(check)
}

/** Opens the vault over a database whose schema is up to date, and counts as a live process from then on. */
export const openVault = async (
  config: Config,
  database: Database,
  role: string,
): Promise<OpenVault> => {
  const known = await listVaultKeys(database)
  const keys = createLiveKeys(() => load(config, known))
  const vault = await createVault(keys)
  const watch = createKeyWatch({ database, vault, keys, role })
  // Alone: a rotation sees either this process, or that it begins with the key that seals by then.
  await lockVaultKeys(database, async (transaction) => {
    const all = await listVaultKeys(transaction)
    for (const check of all.filter(isNeeded)) vault.verifyCheck(check)
    if (all.length === 0) await insertVaultKey(transaction, { ...vault.makeCheck(keys.sealing()), state: 'active' }) // prettier-ignore
    await watch.refresh(transaction)
  })
  return { ...vault, watch }
}

/** A pending key seals nothing yet: who lacks it only holds up the rotation. */
const isNeeded = ({ state }: { state: string }): boolean =>
  state === 'active' || state === 'retired'

const load = ({ masterKeyFile }: Config, sealedBy: readonly { kid: string }[]) =>
  loadKeyRing(masterKeyFile, sealedBy.map(({ kid }) => kid)) // prettier-ignore
