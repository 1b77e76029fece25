import { timingSafeEqual } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { AppError } from '../base/errors.ts'
import type { Soon } from '../base/soon.ts'
import type { Identity, Role } from '../model/account.ts'
import { hashSecret } from '../model/instance.ts'
import type { Caller } from './contract/access.ts'
import { looksLikeJwt, type JwtClaims, type VerifyJwt } from './jwt.ts'
import { storable } from './cursor.ts'

type Principal = { userId: string; role: Role }

export type IdentifyNeeds = {
  adminToken: string
  findLiveToken: (hash: Buffer) => Soon<(Principal & { scopes: string[] }) | undefined>
  /** Absent: no JWTs are taken. */
  jwt?: {
    verify: VerifyJwt
    subjectIsUserId: boolean
    findByIdentity: (identity: Identity) => Promise<Principal | undefined>
    findPrincipal: (userId: string) => Promise<Principal | undefined>
  }
}

const MAX_JWTS = 10_000
/** A verified JWT is checked again after this time, so that a withdrawn key or identity ends it. */
const JWT_TTL_MS = 30_000

/**
 * Finds out who is behind a bearer token: the operator's own, one of `api_tokens`, or a JWT of the integrator.
 * @returns undefined when it is none of ours
 * @throws AppError `forbidden` for a JWT that holds, of somebody who is no user here
 */
export const createIdentify = ({ adminToken, findLiveToken, jwt }: IdentifyNeeds) => {
  const adminHash = hashSecret(adminToken)
  const jwts = jwt && createJwtCallers(jwt)
  const identify = async (token: string): Promise<Caller | undefined> => {
    const hash = hashSecret(token)
    if (timingSafeEqual(hash, adminHash)) return { kind: 'admin' }
    if (jwts && looksLikeJwt(token)) return jwts.find(token, hash.toString('latin1'))
    if (!token.startsWith('brt_')) return undefined
    const live = await findLiveToken(hash)
    return live && { kind: 'user', userId: live.userId, scopes: live.scopes, role: live.role }
  }
  /** Users or their identities changed. */
  const forget = () => jwts?.forget()
  return Object.assign(identify, { forget })
}

export type Identify = (token: string) => Promise<Caller | undefined>

const createJwtCallers = (jwt: NonNullable<IdentifyNeeds['jwt']>) => {
  const known = new LRUCache<string, { caller: Caller; expiresAt: Date }>({ max: MAX_JWTS, ttl: JWT_TTL_MS }) // prettier-ignore
  let changes = 0
  return {
    find: async (token: string, key: string): Promise<Caller | undefined> => {
      const remembered = known.get(key)
      if (remembered && remembered.expiresAt > new Date()) return remembered.caller
      const asOf = changes
      const claims = await jwt.verify(token)
      if (!claims) return undefined
      const principal = await principalOf(jwt, claims)
      const caller: Caller = { kind: 'user', scopes: claims.scopes, ...principal }
      if (asOf === changes) known.set(key, { caller, expiresAt: claims.expiresAt })
      return caller
    },
    forget: () => {
      changes += 1
      known.clear()
    },
  }
}

const isUserId = (subject: string): boolean => z.uuid().safeParse(subject).success

/** Never by email: whoever can make an account with somebody's email elsewhere would be them here. */
const principalOf = async (
  { findByIdentity, findPrincipal, subjectIsUserId }: NonNullable<IdentifyNeeds['jwt']>,
  { issuer, subject }: JwtClaims,
): Promise<Principal> => {
  const isStorable = storable(issuer) && storable(subject)
  const linked = isStorable ? await findByIdentity({ issuer, subject }) : undefined
  const found =
    linked ?? (subjectIsUserId && isUserId(subject) ? await findPrincipal(subject) : undefined)
  if (found) return found
  throw new AppError(
    'forbidden',
    'This JWT is valid, but its subject is no user here; the operator links it with: berth user link',
  )
}
