import { AppError } from '../../base/errors.ts'
import type { Role } from '../../model/account.ts'

export type UserCaller = {
  kind: 'user'
  userId: string
  scopes: readonly string[]
  role: Role
}
/** Who sends a request. The operator's token of `BERTH_ADMIN_TOKEN_FILE` stands for no user. */
export type Caller = { kind: 'admin' } | UserCaller

/** Who may use a route; what `admit` returns is what its handler sees as the caller. */
export type Access<C = unknown> = {
  name: 'open' | 'scraper' | 'anyone' | 'read' | 'instances' | 'operator' | 'admin'
  /**
   * @param isLocal whether the request comes from this machine itself, over no proxy
   * @throws AppError `unauthorized`, `forbidden`
   */
  admit: (caller: Caller | undefined, isLocal: boolean) => C
}

/** Everybody; a token is not looked at. */
export const open: Access<undefined> = { name: 'open', admit: () => undefined }

const known = (caller: Caller | undefined): Caller => {
  if (caller) return caller
  throw new AppError(
    'unauthorized',
    'No token came with this request. Send "Authorization: Bearer <token>"; the operator makes one with: berth token create',
  )
}

/** Everybody with a token that is valid. */
export const anyone: Access<Caller> = { name: 'anyone', admit: known }

const userWith = (scope: 'instances' | 'read'): Access<UserCaller> => ({
  name: scope,
  admit: (unchecked) => {
    const caller = known(unchecked)
    if (caller.kind === 'admin')
      throw forbidden('The admin token stands for no user; use a token of the user.')
    if (!caller.scopes.includes(scope)) throw forbidden(`This token lacks the scope "${scope}".`)
    return caller
  },
})

/** Users who look at what is theirs. */
export const reads = userWith('read')
/** Users who change what is theirs. */
export const changesInstances = userWith('instances')

/** A token with the scope `admin` may do what the role of its user allows, and no more. */
const holding = (roles: readonly Role[], message: string) => (unchecked: Caller | undefined) => {
  const caller = known(unchecked)
  if (caller.kind === 'admin') return caller
  if (caller.scopes.includes('admin') && roles.includes(caller.role)) return caller
  throw forbidden(message)
}

/** Those who look at the fleet: operators and administrators. Nothing behind it shows or changes a credential. */
export const operator: Access<Caller> = {
  name: 'operator',
  admit: holding(
    ['operator', 'admin'],
    'This needs the admin token, or a token with the scope "admin" of a user with the role operator or admin.',
  ),
}

/** Operators, and whoever asks from this machine itself: a Prometheus beside the daemon needs no token. */
export const scraper: Access<undefined> = {
  name: 'scraper',
  admit: (caller, isLocal) => {
    if (!isLocal) operator.admit(caller, isLocal)
  },
}

/** Those who may do everything. */
export const admin: Access<Caller> = {
  name: 'admin',
  admit: holding(
    ['admin'],
    'This needs the admin token, or a token with the scope "admin" of a user with the role admin.',
  ),
}

const forbidden = (message: string): AppError => new AppError('forbidden', message)
