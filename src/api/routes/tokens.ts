import { z } from 'zod'
import type { ApiNeeds } from '../needs.ts'
import { admin } from '../contract/access.ts'
import { answer, done, route, type Route } from '../contract/route.ts'
import { email, isoTime } from '../shapes.ts'

const tag = 'tokens'
const path = '/api/v1/admin/tokens'

// A year 0 is a date here, but none to a database.
const expiry = isoTime.refine((text) => Date.parse(text) > 0, 'is before 1970')
const newToken = z.strictObject({ email, expiresAt: expiry.optional() })
const made = z
  .object({
    id: z.uuid(),
    token: z.string().describe('Shown this once.'),
    expiresAt: isoTime.nullable(),
  })
  .meta({ id: 'NewToken' })
const token = z
  .object({
    id: z.uuid(),
    userId: z.uuid(),
    scopes: z.array(z.string()),
    createdAt: isoTime,
    expiresAt: isoTime.nullable(),
  })
  .meta({ id: 'Token' })

export const tokenRoutes = ({ accounts }: Pick<ApiNeeds, 'accounts'>): Route[] => [
  route({
    id: 'createToken',
    method: 'post',
    path,
    tag,
    summary: 'Make a token of a user.',
    access: admin,
    body: newToken,
    answers: { 201: { description: 'The token; it is not shown again.', schema: made } },
    errors: ['user_unknown'],
    handle: async ({ body: wanted }) => {
      const { id: userId } = await accounts.userByEmail(wanted.email)
      const expiresAt = wanted.expiresAt === undefined ? undefined : new Date(wanted.expiresAt)
      return answer(201, await accounts.createToken({ userId, expiresAt }))
    },
  }),
  route({
    id: 'listTokens',
    method: 'get',
    path,
    tag,
    summary: 'The live tokens, newest first; never the tokens themselves.',
    access: admin,
    query: z.object({ email: email.optional() }),
    answers: { 200: { description: 'The tokens.', schema: z.object({ tokens: z.array(token) }) } },
    errors: ['user_unknown'],
    handle: async ({ query }) => {
      const user = query.email === undefined ? undefined : await accounts.userByEmail(query.email)
      return answer(200, { tokens: await accounts.listTokens(user?.id) })
    },
  }),
  route({
    id: 'revokeToken',
    method: 'delete',
    path: `${path}/:id`,
    tag,
    summary: 'End a token at once.',
    access: admin,
    params: z.object({ id: z.uuid('is not the id of a token') }),
    answers: { 204: { description: 'It is revoked.' } },
    errors: ['not_found'],
    handle: async ({ params }) => {
      await accounts.revokeToken(params.id)
      return done(204)
    },
  }),
]
