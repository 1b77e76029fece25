import { z } from 'zod'
import type { ApiNeeds } from '../needs.ts'
import { admin } from '../contract/access.ts'
import { answer, done, route, type Route } from '../contract/route.ts'

const tag = 'users'
const path = '/api/v1/admin/users/:id/identities'
const ofUser = z.object({ id: z.uuid('is not the id of a user') })
const identity = z
  .object({
    issuer: z.string().max(500).describe("A JWT's iss; empty when it has none."),
    subject: z.string().min(1).max(500).describe("A JWT's sub."),
  })
  .meta({ id: 'Identity' })
const target = ({ params }: { params: z.output<typeof ofUser> }) => `user:${params.id}`

type IdentityNeeds = Pick<ApiNeeds, 'accounts'>

/** Which JWT stands for which user. */
export const identityRoutes = (needs: IdentityNeeds): Route[] => [
  linkRoute(needs),
  ...otherRoutes(needs),
]

const linkRoute = ({ accounts }: IdentityNeeds): Route =>
  route({
    id: 'linkIdentity',
    method: 'post',
    path,
    tag,
    summary: "Let an issuer's subject stand for the user.",
    access: admin,
    params: ofUser,
    body: identity,
    answers: { 204: { description: 'It does, now or already.' } },
    errors: ['user_unknown', 'identity_taken'],
    audit: (given) => ({ action: 'user.link', target: target(given), details: given.body }),
    handle: async ({ params, body }) => {
      await accounts.linkIdentity(params.id, body)
      return done(204)
    },
  })

const otherRoutes = ({ accounts }: IdentityNeeds): Route[] => [
  route({
    id: 'listIdentities',
    method: 'get',
    path,
    tag,
    summary: 'Which subjects stand for the user.',
    access: admin,
    params: ofUser,
    answers: {
      200: { description: 'They.', schema: z.object({ identities: z.array(identity) }) },
    },
    errors: ['user_unknown'],
    handle: async ({ params }) =>
      answer(200, { identities: await accounts.listIdentities(params.id) }),
  }),
  route({
    id: 'unlinkIdentity',
    method: 'delete',
    path,
    tag,
    summary: 'Let a subject no longer stand for the user.',
    access: admin,
    params: ofUser,
    query: identity,
    answers: { 204: { description: 'It does not.' } },
    errors: ['not_found'],
    audit: (given) => ({ action: 'user.unlink', target: target(given), details: given.query }),
    handle: async ({ params, query }) => {
      await accounts.unlinkIdentity(params.id, query)
      return done(204)
    },
  }),
]
