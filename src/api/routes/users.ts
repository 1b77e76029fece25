import { z } from 'zod'
import type { ApiNeeds } from '../needs.ts'
import { admin } from '../contract/access.ts'
import { answer, route, type Route } from '../contract/route.ts'
import { email } from '../shapes.ts'

const tag = 'users'
const path = '/api/v1/admin/users'
const user = z.object({ id: z.uuid(), email: z.string() }).meta({ id: 'User' })

export const userRoutes = ({ accounts }: Pick<ApiNeeds, 'accounts'>): Route[] => [
  route({
    id: 'addUser',
    method: 'post',
    path,
    tag,
    summary: 'Add a user.',
    access: admin,
    body: z.strictObject({ email }),
    answers: { 201: { description: 'The user.', schema: user } },
    errors: ['email_taken'],
    handle: async ({ body }) => answer(201, await accounts.addUser(body.email)),
  }),
  route({
    id: 'listUsers',
    method: 'get',
    path,
    tag,
    summary: 'The users by email.',
    access: admin,
    answers: { 200: { description: 'The users.', schema: z.object({ users: z.array(user) }) } },
    handle: async () => answer(200, { users: await accounts.listUsers() }),
  }),
]
