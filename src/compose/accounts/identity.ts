import { createIdentify } from '../../api/identify.ts'
import { createVerifyJwt } from '../../api/jwt.ts'
import type { Config } from '../../base/config.ts'
import type { Log } from '../../base/log.ts'
import type { Soon } from '../../base/soon.ts'
import type { Database } from '../../store/database.ts'
import { findByIdentity, findPrincipal } from '../../store/identities.ts'
import { findLiveToken as findToken, type LiveToken } from '../../store/tokens.ts'
import { loadAdminToken } from '../fleet/wanted.ts'

type Parts = {
  config: Config
  database: Database
  /** One that remembers; by default the store's own. */
  findLiveToken?: (hash: Buffer) => Soon<LiveToken | undefined>
}

/** A key set often signs for other programs too: without an audience their JWTs are taken here. */
export const warnOfOpenAudience = ({ jwt }: Config, log: Log): void => {
  if (jwt?.source.kind !== 'jwks' || jwt.audience !== undefined) return
  log.warn('JWTs for any audience are taken; set BERTH_JWT_AUDIENCE', { jwks: jwt.source.url })
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
