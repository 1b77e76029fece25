import { z } from 'zod'
import { admin } from '../contract/access.ts'
import { answer, done, route, type Route } from '../contract/route.ts'
import type { ApiNeeds } from '../needs.ts'
import { isoTime, serviceName } from '../shapes.ts'

const tag = 'signing in'
const path = '/api/v1/admin/oauth/clients'

type Needs = Pick<ApiNeeds, 'oauthClients'>

const client = z
  .object({
    service: z.string(),
    clientId: z.string(),
    hasSecret: z.boolean(),
    updatedAt: isoTime,
  })
  .meta({ id: 'OAuthClient' })

/** The operator's registrations with the providers of services. */
export const oauthClientRoutes = (needs: Needs): Route[] => [
  listRoute(needs),
  ...changeRoutes(needs),
]

const listRoute = ({ oauthClients }: Needs): Route =>
  route({
    id: 'listOAuthClients',
    method: 'get',
    path,
    tag,
    summary:
      "The operator's clients, without their secrets, and the address to register with each.",
    access: admin,
    answers: {
      200: {
        description: 'The clients.',
        schema: z.object({ clients: z.array(client), redirectUri: z.string() }),
      },
    },
    handle: async () => answer(200, await oauthClients.list()),
  })

const changeRoutes = ({ oauthClients }: Needs): Route[] => [
  route({
    id: 'setOAuthClient',
    method: 'put',
    path: `${path}/:service`,
    tag,
    summary: "Enter the operator's client for a service, or another in its place.",
    access: admin,
    params: z.object({ service: serviceName }),
    body: z.strictObject({
      clientId: z.string().min(1).max(1_000),
      clientSecret: z
        .string()
        .min(1)
        .max(6_000)
        .optional()
        .describe('Absent: a public client, which has none.'),
    }),
    answers: { 204: { description: 'It is stored, the secret sealed.' } },
    errors: ['service_unknown', 'oauth_not_offered'],
    audit: ({ params }) => ({ action: 'oauth-client.set', target: params.service }),
    handle: async ({ params, body }) => {
      await oauthClients.set({ ...params, ...body })
      return done(204)
    },
  }),
  route({
    id: 'removeOAuthClient',
    method: 'delete',
    path: `${path}/:service`,
    tag,
    summary: "Forget the operator's client for a service; what it signed in can't be renewed.",
    access: admin,
    params: z.object({ service: serviceName }),
    answers: { 204: { description: 'It is gone.' } },
    errors: ['not_found'],
    audit: ({ params }) => ({ action: 'oauth-client.remove', target: params.service }),
    handle: async ({ params }) => {
      await oauthClients.remove(params.service)
      return done(204)
    },
  }),
]
