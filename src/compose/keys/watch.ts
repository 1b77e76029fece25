import { randomUUID } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Runnable } from '../../base/lifecycle.ts'
import { silentLog, type Log } from '../../base/log.ts'
import type { Database } from '../../store/database.ts'
import { listVaultKeys, type VaultKey } from '../../store/vault-keys.ts'
import { noteProcess, removeProcess } from '../../store/vault-processes.ts'
import type { LiveKeys } from '../../vault/keys.ts'
import type { Vault } from '../../vault/vault.ts'

/** Keeps the keys of this process as the database says, and says there which ones it has. */
export type KeyWatch = Runnable & {
  /** Within a transaction, or on its own. */
  refresh: (within?: Database) => Promise<void>
  /** Reads the ring file again. */
  reload: () => void
  /** Says where and when loading a key failed, from now on. */
  logTo: (log: Log) => void
}

type Parts = { database: Database; vault: Vault; keys: LiveKeys; role: string }

const INTERVAL_MS = 1_000
/** Well below the time after which a process that is silent counts as gone. */
const NOTE_MS = 8_000
/** Longer than any cache keeps a record that the key sealed. */
const FORGET_MS = 10 * 60_000

/** Pids mean something within one machine and namespace only. */
export const thisMachine = (): string => `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`

export const createKeyWatch = (parts: Parts): KeyWatch => {
  const { database, keys, role } = parts
  const id = randomUUID()
  const machine = thisMachine()
  const removedSince = new Map<string, number>()
  let log = silentLog
  let noted = { text: '', at: 0 }
  let timer: NodeJS.Timeout | undefined
  let isStopped = false

  const refresh = async (within = database): Promise<void> => {
    const known = await listVaultKeys(within)
    adopt(parts, known, log)
    forgetRemoved(keys, known, removedSince)
    const state = { kids: usableKids(parts, known), sealing: keys.sealing() }
    const text = JSON.stringify(state)
    if (isStopped || (text === noted.text && Date.now() - noted.at < NOTE_MS)) return
    await noteProcess(within, { id, role, machine, pid: process.pid, ...state })
    noted = { text, at: Date.now() }
  }
  const loop = (): void => {
    timer = setTimeout(() => {
      refresh()
        .catch((error: unknown) => log.warn('keys not checked', { error }))
        .finally(() => {
          if (timer) loop()
        })
    }, INTERVAL_MS)
  }
  return {
    name: 'keys',
    refresh,
    reload: keys.reload,
    logTo: (to) => {
      log = to
    },
    start: async () => {
      await refresh()
      if (!timer) loop()
    },
    stop: async () => {
      isStopped = true
      clearTimeout(timer)
      timer = undefined
      await removeProcess(database, id).catch(() => undefined) // it counts as gone soon anyway
    },
  }
}

const adopt = ({ keys }: Parts, known: readonly VaultKey[], log: Log): void => {
  const wanted = known.filter(({ state }) => state === 'active' || state === 'pending')
  if (wanted.some(({ kid }) => !keys.kids().includes(kid)))
    try {
      keys.reload()
    } catch (error) {
      log.error('key ring not loaded', { error })
    }
  const active = wanted.find(({ state }) => state === 'active')?.kid
  if (active !== undefined && active !== keys.sealing()) {
    if (keys.kids().includes(active)) keys.sealWith(active)
    else log.error('the key ring lacks the key that seals', { kid: active })
  }
}

/** A key of the right name that is another one is as good as missing. */
const usableKids = ({ vault, keys }: Parts, known: readonly VaultKey[]): string[] =>
  known
    .filter((key) => {
      if (key.state === 'removed' || !keys.kids().includes(key.kid)) return false
      try {
        vault.verifyCheck(key)
        return true
      } catch {
        return false
      }
    })
    .map(({ kid }) => kid)

const forgetRemoved = (
  keys: LiveKeys,
  known: readonly VaultKey[],
  since: Map<string, number>,
): void => {
  for (const { kid, state } of known) {
    if (state !== 'removed' || !keys.kids().includes(kid)) continue
    const first = since.get(kid) ?? Date.now()
    since.set(kid, first)
    if (Date.now() - first > FORGET_MS) keys.forget(kid)
  }
}
