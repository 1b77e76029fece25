import { z } from 'zod'
import { ROLES } from '../../model/account.ts'
import type { ApiNeeds } from '../needs.ts'
import { admin, operator } from '../contract/access.ts'
import { answer, done, route, type Route } from '../contract/route.ts'
import { cursor, email, nextCursor } from '../shapes.ts'

const tag = 'users'
const path = '/api/v1/admin/users'
const user = z
  .object({
    id: z.uuid(),
    email: z.string(),
    role: z.enum(ROLES),
    maxInstances: z.int().nullable().describe('null: as many as there are services'),
    instances: z.int().describe('How many they have.'),
  })
  .meta({ id: 'User' })
const ofUser = z.object({ id: z.uuid('is not the id of a user') })
const target = ({ params }: { params: z.output<typeof ofUser> }) => `user:${params.id}`

type UserNeeds = Pick<ApiNeeds, 'accounts'>

/** Who uses the fleet, and what they may. */
export const userRoutes = (needs: UserNeeds): Route[] => [
  ...listRoutes(needs),
  ...changeRoutes(needs),
]

const listRoutes = ({ accounts }: UserNeeds): Route[] => [
  route({
    id: 'addUser',
    method: 'post',
    path,
    tag,
    summary: 'Add a user.',
    access: admin,
    body: z.strictObject({ email }),
    answers: { 201: { description: 'The user.', schema: user } },
    errors: ['email_taken', 'users_adopted'],
    audit: (_given, { body }) => ({ action: 'user.add', target: `user:${body.id}` }),
    handle: async ({ body }) => answer(201, await accounts.addUser(body.email)),
  }),
  route({
    id: 'listUsers',
    method: 'get',
    path,
    tag,
    summary: 'The users by email, 200 a page; or the one with an email.',
    access: operator,
    query: z.object({ email: email.optional(), cursor }),
    answers: {
      200: { description: 'The users.', schema: z.object({ users: z.array(user), nextCursor }) },
    },
    errors: ['user_unknown'],
    handle: async ({ query }) => {
      if (query.email !== undefined)
        return answer(200, { users: [await accounts.userByEmail(query.email)], nextCursor: null })
      const { items, nextCursor: next } = await accounts.listUsers(query.cursor)
      return answer(200, { users: items, nextCursor: next })
    },
  }),
]

const changeRoutes = ({ accounts }: UserNeeds): Route[] => [
  route({
    id: 'changeUser',
    method: 'patch',
    path: `${path}/:id`,
    tag,
    summary: "Change a user's role, or how many instances they may have.",
    access: admin,
    params: ofUser,
    body: z.strictObject({
      role: z.enum(ROLES).optional(),
      maxInstances: z.int().min(0).max(100_000).nullable().optional(),
    }),
    answers: { 200: { description: 'The user.', schema: user } },
    errors: ['user_unknown'],
    audit: (given) => ({
      action: 'user.change',
      target: target(given),
      details: {
        ...(given.body.role !== undefined && { role: given.body.role }),
        ...(given.body.maxInstances !== undefined && { maxInstances: String(given.body.maxInstances) }), // prettier-ignore
      },
    }),
    handle: async ({ params, body }) => answer(200, await accounts.changeUser(params.id, body)),
  }),
  route({
    id: 'removeUser',
    method: 'delete',
    path: `${path}/:id`,
    tag,
    summary: 'Remove a user with every secret of theirs; their URLs and tokens are dead at once.',
    access: admin,
    params: ofUser,
    answers: { 204: { description: 'They are gone.' } },
    errors: ['user_unknown'],
    audit: (given) => ({ action: 'user.remove', target: target(given) }),
    handle: async ({ params }) => {
      await accounts.removeUser(params.id)
      return done(204)
    },
  }),
]
