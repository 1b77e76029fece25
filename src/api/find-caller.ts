import type { Request } from 'express'
import { AppError } from '../base/errors.ts'
import type { FindCaller } from './contract/mount.ts'
import type { Identify } from './identify.ts'

const TOKEN = /^Bearer\s+(\S+)$/i // RFC 6750 §2.1

/** What to answer instead of a failed authentication of this address. */
export type JudgeFailure = (address: string, error: AppError) => unknown

/**
 * The caller of a request by its bearer token. Wrong tokens count against their address; valid ones never wait, since many
 * clients may share an address.
 */
export const createFindCaller =
  (identify: Identify, judgeFailure: JudgeFailure): FindCaller =>
  async (request: Request) => {
    const { authorization } = request.headers
    if (authorization === undefined) return undefined
    const token = TOKEN.exec(authorization)?.[1]
    const caller = token === undefined ? undefined : await identify(token)
    if (caller) return caller
    const error = new AppError(
      'unauthorized',
      'This token is unknown, expired or revoked; the operator makes another with: berth token create',
    )
    throw judgeFailure(request.ip ?? '', error)
  }
