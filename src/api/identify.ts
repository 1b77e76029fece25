import { timingSafeEqual } from 'node:crypto'
import type { Request } from 'express'
import { AppError } from '../base/errors.ts'
import { hashSecret } from '../model/instance.ts'
import type { Caller } from './contract/access.ts'
import type { FindCaller } from './contract/mount.ts'

export type IdentifyNeeds = {
  adminToken: string
  findLiveToken: (hash: Buffer) => Promise<{ userId: string; scopes: string[] } | undefined> // prettier-ignore
}

const TOKEN = /^Bearer\s+(\S+)$/i // RFC 6750 §2.1

/** Finds out who is behind a bearer token. @returns undefined when it is none of ours */
export const createIdentify = ({ adminToken, findLiveToken }: IdentifyNeeds) => {
  const adminHash = hashSecret(adminToken)
  return async (token: string): Promise<Caller | undefined> => {
    const hash = hashSecret(token)
    if (timingSafeEqual(hash, adminHash)) return { kind: 'admin' }
    if (!token.startsWith('brt_')) return undefined
    const live = await findLiveToken(hash)
    // The scope alone decides: whoever may make a token may make one with the scope admin.
    return live && { kind: 'user', userId: live.userId, scopes: live.scopes, role: 'admin' }
  }
}

export type Identify = ReturnType<typeof createIdentify>

/** The caller of a request by its bearer token. */
export const createFindCaller =
  (identify: Identify): FindCaller =>
  async (request: Request) => {
    const { authorization } = request.headers
    if (authorization === undefined) return undefined
    const token = TOKEN.exec(authorization)?.[1]
    const caller = token === undefined ? undefined : await identify(token)
    if (caller) return caller
    throw new AppError(
      'unauthorized',
      'This token is unknown, expired or revoked; the operator makes another with: berth token create',
    )
  }
