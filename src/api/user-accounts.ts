import { AppError } from '../base/errors.ts'
import { hashSecret, randomBase62 } from '../model/instance.ts'
import type { AccountNeeds, Token, User } from './account-needs.ts'

/** A token as lists show it: never the token itself. */
export type TokenView = {
  id: string
  userId: string
  scopes: string[]
  createdAt: string
  expiresAt: string | null
}

const MAX_LISTED = 1_000
const SCOPES = ['instances', 'read'] as const
const TOKEN_LENGTH = 40

export const createUserAccounts = (needs: AccountNeeds) => ({
  /** @throws AppError `email_taken` */
  addUser: (email: string): Promise<User> => needs.insertUser(email),

  /** @throws AppError `user_unknown` */
  userByEmail: async (email: string): Promise<User> => {
    const user = await needs.findUserByEmail(email)
    if (user) return user
    throw new AppError(
      'user_unknown',
      `There is no user ${email}; add them with: berth user add ${email}`,
    )
  },
  listUsers: (): Promise<User[]> => needs.listUsers(MAX_LISTED),

  /** The token itself is only in this answer. */
  createToken: async (request: { userId: string; expiresAt: Date | undefined }) => {
    const token = `brt_${randomBase62(TOKEN_LENGTH)}`
    const row = await needs.insertToken({ ...request, hash: hashSecret(token), scopes: SCOPES })
    return { id: row.id, token, expiresAt: row.expiresAt?.toISOString() ?? null }
  },
  listTokens: async (userId?: string): Promise<TokenView[]> =>
    (await needs.listTokens({ userId, limit: MAX_LISTED })).map(toView),

  /** @throws AppError `not_found` */
  revokeToken: async (id: string): Promise<void> => {
    if (await needs.revokeToken(id)) return
    throw new AppError('not_found', `There is no live token ${id}.`)
  },
})

const toView = (token: Token): TokenView => ({
  ...token,
  createdAt: token.createdAt.toISOString(),
  expiresAt: token.expiresAt?.toISOString() ?? null,
})
