import { timingSafeEqual } from 'node:crypto'
import type { Request } from 'express'
import { AppError } from '../base/errors.ts'
import { hashSecret } from '../model/instance.ts'

/** Who sends a request. */
export type Caller = { kind: 'admin' } | { kind: 'user'; userId: string; scopes: readonly string[] }

export type IdentifyNeeds = {
  adminToken: string
  findLiveToken: (hash: Buffer) => Promise<{ userId: string; scopes: string[] } | undefined>
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
    return live && { kind: 'user', userId: live.userId, scopes: live.scopes }
  }
}

export type Identify = ReturnType<typeof createIdentify>

const callerOf = async (identify: Identify, request: Request): Promise<Caller> => {
  const token = TOKEN.exec(request.headers.authorization ?? '')?.[1]
  const caller = token === undefined ? undefined : await identify(token)
  if (caller) return caller
  throw new AppError(
    'unauthorized',
    'Send "Authorization: Bearer <token>"; berth token create makes one.',
  )
}

/**
 * The user of a request.
 * @throws AppError `unauthorized`, or `forbidden` when the token has no such scope or is the admin's
 */
export const requireUser = async (
  identify: Identify,
  request: Request,
  scope: 'instances' | 'read',
): Promise<string> => {
  const caller = await callerOf(identify, request)
  if (caller.kind === 'admin')
    throw new AppError('forbidden', 'The admin token stands for no user; use a token of the user.')
  if (!caller.scopes.includes(scope))
    throw new AppError('forbidden', `This token lacks the scope "${scope}".`)
  return caller.userId
}

/** @throws AppError `unauthorized` or `forbidden` */
export const requireAdmin = async (identify: Identify, request: Request): Promise<void> => {
  const caller = await callerOf(identify, request)
  if (caller.kind === 'admin' || caller.scopes.includes('admin')) return
  throw new AppError('forbidden', 'This needs the admin token or a token with the scope "admin".')
}

/** @throws AppError `unauthorized` */
export const requireAnyone = async (identify: Identify, request: Request): Promise<void> => {
  await callerOf(identify, request)
}
