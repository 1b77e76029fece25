import { z } from 'zod'
import type { ApiNeeds } from '../needs.ts'
import { admin } from '../contract/access.ts'
import { answer, done, route, type Route } from '../contract/route.ts'
import { SCOPES } from '../../model/account.ts'
import { cursor, email, isoTime, nextCursor } from '../shapes.ts'

const tag = 'tokens'
const path = '/api/v1/admin/tokens'

// A year 0 is a date here, but none to a database.
const expiry = isoTime.refine((text) => Date.parse(text) > 0, 'is before 1970')
const newToken = z.strictObject({
  email,
  expiresAt: expiry.optional().describe('Absent: it lives until it is revoked.'),
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length).optional().describe('By default instances and read.'),
  name: z.string().max(100).regex(/^[^\p{Cc}\p{Cs}]*$/u, 'has characters that cannot be shown').optional(),
}) // prettier-ignore
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
    email: z.string(),
    name: z.string(),
    scopes: z.array(z.string()),
    createdAt: isoTime,
    expiresAt: isoTime.nullable(),
    lastUsedAt: isoTime.nullable().describe('To the minute.'),
  })
  .meta({ id: 'Token' })

type TokenNeeds = Pick<ApiNeeds, 'accounts'>

export const tokenRoutes = (needs: TokenNeeds): Route[] => [
  createRoute(needs),
  ...otherRoutes(needs),
]

const createRoute = ({ accounts }: TokenNeeds): Route =>
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
    audit: (_given, { body }) => ({ action: 'token.create', target: `token:${body.id}` }),
    handle: async ({ body: wanted }) => {
      const user = await accounts.userByEmail(wanted.email)
      const expiresAt = wanted.expiresAt === undefined ? undefined : new Date(wanted.expiresAt)
      return answer(201, await accounts.createToken({ ...wanted, user, expiresAt }))
    },
  })

const otherRoutes = ({ accounts }: TokenNeeds): Route[] => [
  route({
    id: 'listTokens',
    method: 'get',
    path,
    tag,
    summary: 'The live tokens, newest first, 200 a page; never the tokens themselves.',
    access: admin,
    query: z.object({ email: email.optional(), cursor }),
    answers: {
      200: { description: 'The tokens.', schema: z.object({ tokens: z.array(token), nextCursor }) },
    },
    errors: ['user_unknown'],
    handle: async ({ query }) => {
      const user = query.email === undefined ? undefined : await accounts.userByEmail(query.email)
      const page = await accounts.listTokens({ userId: user?.id, cursor: query.cursor })
      return answer(200, { tokens: page.items, nextCursor: page.nextCursor })
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
    audit: ({ params }) => ({ action: 'token.revoke', target: `token:${params.id}` }),
    handle: async ({ params }) => {
      await accounts.revokeToken(params.id)
      return done(204)
    },
  }),
]
