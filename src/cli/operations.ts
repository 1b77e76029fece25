import type { Config } from '../base/config.ts'
import { composeAccounts } from '../compose/accounts/open.ts'
import { openAudit } from '../compose/accounts/audit.ts'
import { composeOAuthClients } from '../compose/accounts/sign-ins.ts'
import { loadRegistry } from '../registry/load.ts'
import { findDaemon } from './daemon-client.ts'
import { locally } from './local-operations.ts'
import { withLocalStores } from './local-stores.ts'
import { overHttp } from './remote-operations.ts'
import type { Operations } from './account-operations.ts'

/** Does `work` with whoever owns the database now. */
export const withOperations = async <T>(
  config: Config,
  work: (operations: Operations) => Promise<T>,
): Promise<T> => {
  const daemon = await findDaemon(config)
  return daemon ? work(overHttp(daemon)) : withLocal(config, work)
}

const withLocal = <T>(config: Config, work: (operations: Operations) => Promise<T>): Promise<T> =>
  withLocalStores(config, async (stores) => {
    const { services } = loadRegistry(config.registryDir)
    const nobodyListens = () => undefined // gateways of other processes hear it from the database
    const parts = { config, ...stores, services: () => services }
    const accounts = composeAccounts({ ...parts, onInstanceChange: nobodyListens })
    const oauthClients = composeOAuthClients(parts)
    return work(locally({ accounts, oauthClients }, await openAudit({ config, ...stores })))
  })
