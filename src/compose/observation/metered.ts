import { AppError } from '../../base/errors.ts'
import type { Caller } from '../../api/contract/access.ts'
import type { Meters } from '../../model/meters.ts'
import type { Database } from '../../store/database.ts'
import type { CrashPolicy } from '../../supervisor/crash-policy.ts'
import type { Vault } from '../../vault/vault.ts'

/** A database whose statements and transactions are timed. */
export const meterDatabase = (database: Database, meters: Meters): Database => {
  const timed = async <T>(work: () => Promise<T>): Promise<T> => {
    const startedAt = performance.now()
    try {
      const result = await work()
      meters.queries.add(performance.now() - startedAt)
      return result
    } catch (error) {
      meters.failedQueries.add(performance.now() - startedAt)
      throw error
    }
  }
  return {
    ...database,
    query: (sql, values) => timed(() => database.query(sql, values)),
    transaction: (work) => timed(() => database.transaction(work)),
  }
}

/** A vault that counts what it opens. */
export const meterVault = <V extends Vault>(vault: V, { vault: tally }: Meters): V => ({
  ...vault,
  open: (place, sealed) => {
    try {
      const opened = vault.open(place, sealed)
      tally.count('opened')
      return opened
    } catch (error) {
      tally.count('failed')
      throw error
    }
  },
})

type Identify = (token: string) => Promise<Caller | undefined>

/** Counts who calls the API, and which tokens are not taken. */
export const meterIdentify = (identify: Identify, meters: Meters): Identify => {
  const { callers, unknownCallers } = meters
  return async (token) => {
    try {
      const caller = await identify(token)
      if (!caller) unknownCallers.count('unknown')
      else
        callers.count(
          caller.kind === 'admin' ? 'admin' : token.startsWith('brt_') ? 'token' : 'jwt',
        )
      return caller
    } catch (error) {
      unknownCallers.count(error instanceof AppError ? error.code : 'internal')
      throw error
    }
  }
}

/** Counts how processes ended, and what is done about it. */
export const meterPolicy = (policy: CrashPolicy, { exits, verdicts }: Meters): CrashPolicy => ({
  ...policy,
  judge: (exit, service) => {
    const verdict = policy.judge(exit, service)
    exits.count(exit.cause)
    verdicts.count(verdict.kind)
    return verdict
  },
})
