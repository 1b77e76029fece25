import { z } from 'zod'
import { AppError } from '../base/errors.ts'
import type { Identity, Page, Role, User } from '../model/account.ts'
import type { AccountNeeds } from './account-needs.ts'
import { readCursor, storable } from './cursor.ts'
import { PAGE, toPage } from './page.ts'

const place = z.tuple([z.string(), z.uuid()])

/** What changes of a user; absent: stays. `maxInstances: null` takes the limit away. */
export type UserChange = { role?: Role | undefined; maxInstances?: number | null | undefined }

export const createUserAccounts = (needs: AccountNeeds) => {
  /** @throws AppError `user_unknown` */
  const userById = async (id: string): Promise<User> => {
    const user = await needs.findUser(id)
    if (user) return user
    throw new AppError('user_unknown', `There is no user ${id}.`)
  }
  return {
    ...identityAccounts(needs, userById),

    /** @throws AppError `email_taken`, `users_adopted` */
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

    emailOf: async (id: string): Promise<string | undefined> => (await needs.findUser(id))?.email,

    /** By email. @throws AppError `invalid_request` for a wrong cursor */
    listUsers: async (cursor?: string): Promise<Page<User>> => {
      const [email = '', id = ''] = readCursor(place, cursor) ?? []
      const after = cursor === undefined ? undefined : { email, id }
      const found = await needs.listUsers({ after, limit: PAGE + 1 })
      return toPage(found, (last) => [last.email, last.id])
    },

    /** @throws AppError `user_unknown` */
    changeUser: async (id: string, { role, maxInstances }: UserChange): Promise<User> => {
      await userById(id)
      if (role !== undefined) await needs.setRole(id, role)
      if (maxInstances !== undefined) await needs.setMaxInstances(id, maxInstances)
      needs.onAccountChange()
      return userById(id)
    },

    /**
     * Removes a user with every secret of theirs; their URLs and tokens are dead at once.
     * @throws AppError `user_unknown`
     */
    removeUser: async (id: string): Promise<void> => {
      await userById(id)
      const handles = await needs.removeUser(id)
      needs.onAccountChange()
      for (const handle of handles) needs.onInstanceChange(handle)
    },
  }
}

const identityAccounts = (needs: AccountNeeds, userById: (id: string) => Promise<User>) => ({
  /** @throws AppError `user_unknown`, `identity_taken` */
  linkIdentity: async (userId: string, identity: Identity): Promise<void> => {
    await userById(userId)
    if (!storable(identity.issuer) || !storable(identity.subject))
      throw new AppError('invalid_request', 'Issuer and subject are plain text.')
    await needs.insertIdentity({ userId, ...identity })
    needs.onAccountChange()
  },

  /** @throws AppError `user_unknown` */
  listIdentities: async (userId: string): Promise<Identity[]> => {
    await userById(userId)
    return needs.listIdentities(userId)
  },

  /** @throws AppError `not_found` */
  unlinkIdentity: async (userId: string, identity: Identity): Promise<void> => {
    const isPlain = storable(identity.issuer) && storable(identity.subject)
    const isGone = isPlain && (await needs.deleteIdentity({ userId, ...identity }))
    if (!isGone) throw new AppError('not_found', 'This user has no such identity.')
    needs.onAccountChange()
  },
})
