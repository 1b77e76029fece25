import { createIdentify } from './api/identify.ts'
import { createVerifyJwt } from './api/jwt.ts'
import type { Config } from './base/config.ts'
import type { Database } from './store/database.ts'
import { findByIdentity, findPrincipal } from './store/identities.ts'
import { findLiveToken as findToken, type LiveToken } from './store/tokens.ts'
import { loadAdminToken } from './wanted-fleet.ts'

type Parts = {
  config: Config
  database: Database
  /** One that remembers; by default the store's own. */
  findLiveToken?: (hash: Buffer) => Promise<LiveToken | undefined>
}

/** Finds out who is behind a bearer token; the API and every gateway ask the same way. */
export const openIdentify = ({ config, database, findLiveToken }: Parts) =>
  createIdentify({
    adminToken: loadAdminToken(config),
    findLiveToken: findLiveToken ?? ((hash) => findToken(database, hash)),
    ...(config.jwt && {
      jwt: {
        verify: createVerifyJwt(config.jwt),
        subjectIsUserId: config.jwt.subjectIsUserId,
        findByIdentity: (identity) => findByIdentity(database, identity),
        findPrincipal: (userId) => findPrincipal(database, userId),
      },
    }),
  })
