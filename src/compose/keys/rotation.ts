import type { Config } from '../../base/config.ts'
import { AppError } from '../../base/errors.ts'
import { withLock } from '../../base/lock.ts'
import { liveProcesses, nameOf } from './live-processes.ts'
import type { OpenVault } from './open-vault.ts'
import type { Database } from '../../store/database.ts'
import {
  countSealedByKey, holdOutdated, SEALED_TABLES, writeSealed, type SealedRow, type SealedTable,
} from '../../store/sealed-columns.ts' // prettier-ignore
import {
  activateVaultKey, insertVaultKey, listVaultKeys, lockVaultKeys,
} from '../../store/vault-keys.ts' // prettier-ignore
import { addKey, loadKeyRing } from '../../vault/key-ring.ts'
import type { Place } from '../../vault/vault.ts'
import type { ResealedBatch, RotationNeeds } from '../../vault/rotate.ts'

export type KeyParts = { config: Config; database: Database; vault: OpenVault }

const LOCK_MS = 30_000
/** Few enough that requests to the same process do not wait for long. */
const BATCH = 250

/** The ring file has one writer at a time. */
export const withRingLock = <T>({ home }: Config, work: () => Promise<T>): Promise<T> =>
  withLock(
    { folder: home.run, name: 'key-ring', holder: { role: 'berth keys' }, deadlineMs: LOCK_MS },
    work,
  )

/** Joins store and vault to what a rotation needs. */
export const rotationNeeds = (parts: KeyParts, wanted: string | undefined): RotationNeeds => {
  const { database, vault } = parts
  const lackingIn = async (source: Database, kid: string) =>
    (await liveProcesses(source)).filter(({ kids }) => !kids.includes(kid)).map(nameOf)
  return {
    begin: () => beginRotation(parts, wanted),
    refresh: () => vault.watch.refresh(),
    lacking: (kid) => lackingIn(database, kid),
    activate: (kid) =>
      lockVaultKeys(database, async (transaction) => {
        const key = (await listVaultKeys(transaction)).find((one) => one.kid === kid)
        if (key?.state !== 'pending') return [] // somebody else did
        const lacking = await lackingIn(transaction, kid)
        if (lacking.length === 0) await activateVaultKey(transaction, kid)
        return lacking
      }),
    sealingOtherwise: async (kid) =>
      (await liveProcesses(database)).filter(({ sealing }) => sealing !== kid).map(nameOf),
    isActive: async (kid) =>
      (await listVaultKeys(database)).some((key) => key.kid === kid && key.state === 'active'),
    count: async (kid) => {
      const counts = await countSealedByKey(database)
      const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
      return { done: counts.get(kid) ?? 0, total }
    },
    tables: SEALED_TABLES.length,
    resealBatch: (kid, { table, after }) => {
      const of = SEALED_TABLES[table]
      if (!of) return Promise.resolve({ values: 0, unreadable: 0, last: undefined })
      return resealBatch(parts, of, { kid, after })
    },
  }
}

/**
 * The pending key; else the active one while values that open are left under others; else a new key, first in the ring and
 * then in the database.
 */
const beginRotation = (parts: KeyParts, wanted: string | undefined): Promise<string> =>
  withRingLock(parts.config, async () => {
    const { config, database, vault } = parts
    await vault.watch.refresh()
    const known = await listVaultKeys(database)
    const pending = known.find(({ state }) => state === 'pending')
    if (pending) return pending.kid
    const active = known.find(({ state }) => state === 'active')
    const isKnown = known.some(({ kid }) => kid === wanted)
    if (active && (isKnown || (await isUnfinished(parts, active.kid)))) return active.kid
    const { keys } = loadKeyRing(config.masterKeyFile, known.map(({ kid }) => kid)) // prettier-ignore
    // A key that no database knows is left from a rotation that was ended in this very moment.
    const spare = [...keys.keys()].findLast((kid) => !known.some((key) => key.kid === kid))
    const kid = spare ?? addKey(config.masterKeyFile)
    vault.watch.reload()
    await insertVaultKey(database, { ...vault.makeCheck(kid), state: 'pending' })
    return kid
  })

const isUnfinished = async (parts: KeyParts, kid: string): Promise<boolean> => {
  for (const of of SEALED_TABLES) {
    let after: string | undefined
    do {
      const { values, last } = await resealBatch(parts, of, { kid, after })
      if (values > 0) return true
      after = last
    } while (after !== undefined)
  }
  return false
}

type At = { kid: string; after: string | undefined }

const resealBatch = (
  { database, vault }: KeyParts,
  of: SealedTable,
  { kid, after }: At,
): Promise<ResealedBatch> =>
  database.transaction(async (transaction) => {
    const rows = await holdOutdated(transaction, of, { kid, after, limit: BATCH })
    let unreadable = 0
    let values = 0
    const resealed = rows.map((row): SealedRow => {
      const sealed = row.sealed.map((value, at) => {
        const again = value === null ? value : resealOrUndefined(vault, { ...row, column: of.columns[at] ?? '' }, value) // prettier-ignore
        if (again === undefined) unreadable += 1
        else if (again !== value) values += 1
        return again ?? value
      })
      return { ...row, sealed }
    })
    if (values > 0) await writeSealed(transaction, of, resealed)
    return { values, unreadable, last: rows.length === BATCH ? rows.at(-1)?.id : undefined }
  })

/** What does not open stays as it is: its owner must enter it again, and nothing else has to wait for that. */
const resealOrUndefined = (vault: OpenVault, place: Place, sealed: string): string | undefined => {
  try {
    return vault.reseal(place, sealed)
  } catch (error) {
    if (error instanceof AppError) return undefined
    throw error
  }
}
