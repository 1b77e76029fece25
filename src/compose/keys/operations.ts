import { AppError } from '../../base/errors.ts'
import { rotationNeeds, withRingLock, type KeyParts } from './rotation.ts'
import type { By, RecordAudit } from '../../model/audit.ts'
import type { KeyStatus, Rotation } from '../../model/keys.ts'
import { liveProcesses, nameOf } from './live-processes.ts'
import { resignCheckpoint } from '../accounts/audit.ts'
import type { Database } from '../../store/database.ts'
import { countSealedByKey, lockSealedTables } from '../../store/sealed-columns.ts'
import { listVaultKeys, lockVaultKeys, markKeyRemoved } from '../../store/vault-keys.ts'
import { loadKeyRing, removeKey } from '../../vault/key-ring.ts'
import { rotateKeys } from '../../vault/rotate.ts'

type RotateRequest = {
  by: By
  onProgress?: (rotation: Rotation) => void
  /** Go on with the rotation to this key, and begin no other. */
  kid?: string | undefined
}

/** What is done with the keys of a database. */
export type KeyOperations = {
  status: () => Promise<KeyStatus>
  /** @throws AppError `key_pending` */
  rotate: (request: RotateRequest) => Promise<Rotation>
  /** The key of a rotation that has not ended, as far as the database shows it. */
  unfinished: () => Promise<string | undefined>
  /** @throws AppError `key_needed` */
  remove: (kid: string, by: By) => Promise<void>
}

export const createKeyOperations = (
  parts: KeyParts & { recordAudit: RecordAudit },
): KeyOperations => {
  const { config, database, recordAudit } = parts
  return {
    status: async () => {
      const processes = await liveProcesses(database)
      const counts = await countSealedByKey(database)
      const known = await listVaultKeys(database)
      const { keys: ring } = loadKeyRing(config.masterKeyFile, known.map(({ kid }) => kid)) // prettier-ignore
      const keys = known.map(({ kid, state }) => {
        const sealing = processes.filter((one) => one.sealing === kid).map(nameOf)
        const values = counts.get(kid) ?? 0
        const removable = state === 'retired' && values === 0 && sealing.length === 0
        return { kid, state, inRing: ring.has(kid), values, sealing, removable }
      })
      return { keys, processes: processes.map(nameOf) }
    },
    rotate: async ({ by, kid: wanted, onProgress = () => undefined }) => {
      const rotation = await rotateKeys(rotationNeeds(parts, wanted), onProgress)
      const { kid, done, unreadable } = rotation
      await recordAudit({ ...by, action: 'keys.rotate', target: kid, details: { done, unreadable } }) // prettier-ignore
      return rotation
    },
    unfinished: async () => {
      const known = await listVaultKeys(database)
      const pending = known.find(({ state }) => state === 'pending')
      const active = known.find(({ state }) => state === 'active')
      if (pending || !active) return pending?.kid
      const others = [...(await countSealedByKey(database)).keys()].some(
        (kid) => kid !== active.kid,
      )
      return others ? active.kid : undefined
    },
    remove: async (kid, by) => {
      await withRingLock(config, async () => {
        await lockVaultKeys(database, (transaction) => refuseOrMark(transaction, kid))
        await resignCheckpoint(parts)
        removeKey(config.masterKeyFile, kid)
      })
      await recordAudit({ ...by, action: 'keys.remove', target: kid })
    },
  }
}

/** @throws AppError `key_needed` saying by what */
const refuseOrMark = async (transaction: Database, kid: string): Promise<void> => {
  const key = (await listVaultKeys(transaction)).find((one) => one.kid === kid)
  if (key?.state === 'removed') return // only the file is left
  if (key?.state !== 'retired')
    throw new AppError(
      'key_needed',
      key ? `${kid} is ${key.state}; berth keys rotate replaces it first.` : `There is no key ${kid}.`, // prettier-ignore
    )
  await lockSealedTables(transaction)
  const values = (await countSealedByKey(transaction)).get(kid) ?? 0
  const sealing = (await liveProcesses(transaction)).filter((one) => one.sealing === kid)
  const needs = [...(values > 0 ? [`${values} sealed values`] : []), ...sealing.map(nameOf)]
  if (needs.length > 0)
    throw new AppError('key_needed', `${kid} is still needed by ${needs.join(', ')}.`)
  await markKeyRemoved(transaction, kid)
}
