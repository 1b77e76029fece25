import { z } from 'zod'
import { AppError } from '../base/errors.ts'
import type { Page, Scope, User } from '../model/account.ts'
import { hashSecret, randomBase62 } from '../model/instance.ts'
import type { AccountNeeds, Token } from './account-needs.ts'
import { readCursor } from './cursor.ts'
import { PAGE, toPage } from './page.ts'

/** A token as lists show it: never the token itself. */
export type TokenView = {
  id: string
  userId: string
  email: string
  name: string
  scopes: string[]
  createdAt: string
  expiresAt: string | null
  /** To the minute. */
  lastUsedAt: string | null
}

type Request = {
  user: Pick<User, 'id' | 'role' | 'email'>
  expiresAt: Date | undefined
  scopes?: readonly Scope[] | undefined
  name?: string | undefined
}

const DEFAULT_SCOPES = ['instances', 'read'] as const
const TOKEN_LENGTH = 40
/** Creation time in ms, and id. */
const place = z.tuple([z.int().min(0).max(8.64e15), z.uuid()])

export const createTokenAccounts = (needs: AccountNeeds) => ({
  /**
   * The token itself is only in this answer.
   * @throws AppError `invalid_request` for the scope admin of somebody whose role allows nothing more
   */
  createToken: async ({ user, expiresAt, scopes = DEFAULT_SCOPES, name = '' }: Request) => {
    if (scopes.includes('admin') && user.role === 'user')
      throw new AppError(
        'invalid_request',
        `The scope admin is of no use to ${user.email}, who has the role user; change it with: berth user role ${user.email} admin`,
      )
    const token = `brt_${randomBase62(TOKEN_LENGTH)}`
    const row = await needs.insertToken({ userId: user.id, hash: hashSecret(token), scopes, expiresAt, name }) // prettier-ignore
    return { id: row.id, token, expiresAt: row.expiresAt?.toISOString() ?? null }
  },

  /** Newest first. @throws AppError `invalid_request` for a wrong cursor */
  listTokens: async (filter: { userId?: string | undefined; cursor?: string | undefined }): Promise<Page<TokenView>> => {
    const [createdMs = 0, id = ''] = readCursor(place, filter.cursor) ?? []
    const after = filter.cursor === undefined ? undefined : { createdAt: new Date(createdMs), id }
    const found = await needs.listTokens({ userId: filter.userId, after, limit: PAGE + 1 })
    const page = toPage(found, (last) => [last.createdAt.getTime(), last.id])
    return { ...page, items: page.items.map(toView) }
  }, // prettier-ignore

  /** @throws AppError `not_found` */
  revokeToken: async (id: string): Promise<void> => {
    const isRevoked = await needs.revokeToken(id)
    needs.onAccountChange()
    if (!isRevoked) throw new AppError('not_found', `There is no live token ${id}.`)
  },
})

const toView = (token: Token): TokenView => ({
  ...token,
  createdAt: token.createdAt.toISOString(),
  expiresAt: token.expiresAt?.toISOString() ?? null,
  lastUsedAt: token.lastUsedAt?.toISOString() ?? null,
})
