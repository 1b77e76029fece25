import { z } from 'zod'
import { admin, operator } from '../contract/access.ts'
import { answer, done, route, type Route } from '../contract/route.ts'
import { checkEventTypes, checkService } from '../known-names.ts'
import type { ApiNeeds } from '../needs.ts'
import { isoTime } from '../shapes.ts'

const tag = 'webhooks'
const path = '/api/v1/admin/webhooks'

const webhook = z
  .object({
    id: z.uuid(),
    origin: z.string().describe('Of the address, which may hold a secret and is not shown.'),
    types: z.array(z.string()),
    service: z.string().nullable(),
    state: z.enum(['active', 'gone']),
    createdAt: isoTime,
    tries: z.int().describe('Failed attempts in a row.'),
    failure: z.string().nullable(),
    deliveredAt: isoTime.nullable(),
    waiting: z.int().describe('Events that it has not heard of yet.'),
    deadLetters: z.int(),
  })
  .meta({ id: 'Webhook' })

const body = z
  .strictObject({
    url: z.url({ protocol: /^https?$/ }).max(2_000),
    types: z.array(z.string().min(1).max(50).regex(/^[\w.]+$/)).max(20).default([]), // prettier-ignore
    service: z.string().max(50).regex(/^[a-z][a-z0-9-]*$/).nullable().default(null), // prettier-ignore
    allowPrivate: z.boolean().default(false),
  })
  .refine(({ url, allowPrivate }) => allowPrivate || url.startsWith('https:'), {
    path: ['url'],
    message: 'must be https, unless private addresses are allowed',
  })
  .refine(({ url }) => !URL.canParse(url) || new URL(url).username === '', {
    path: ['url'],
    message: 'must not hold a user',
  })
const ofWebhook = z.object({ id: z.uuid() })
const deadLetter = z.object({ eventId: z.int(), at: isoTime, reason: z.string(), event: z.unknown() }) // prettier-ignore
const delivery = z.object({
  outcome: z.enum(['delivered', 'gone', 'refused', 'failed']),
  reason: z.string().optional(),
})

type Needs = Pick<ApiNeeds, 'webhooks' | 'services' | 'isInHistory'>

/** Where events are sent. */
export const webhookRoutes = (needs: Needs): Route[] => [...changes(needs), ...ofOne(needs)]

const changes = (needs: Needs): Route[] => [
  route({
    id: 'addWebhook',
    method: 'post',
    path,
    tag,
    summary: 'Send events to an address from now on; the secret that signs them is shown once.',
    access: admin,
    body,
    answers: {
      201: { description: 'The webhook.', schema: z.object({ id: z.uuid(), secret: z.string() }) },
    },
    audit: ({ body: { url } }, { body: made }) => ({
      action: 'webhook.add',
      target: `webhook:${made.id}`,
      details: { origin: new URL(url).origin },
    }),
    errors: ['service_unknown'],
    handle: async ({ body: wanted }) => {
      checkEventTypes(wanted.types)
      await checkService(needs, wanted.service)
      return answer(201, await needs.webhooks.add(wanted))
    },
  }),
  listRoute(needs),
  route({
    id: 'removeWebhook',
    method: 'delete',
    path: `${path}/:id`,
    tag,
    summary: 'Send nothing to it any more; its dead letters go with it.',
    access: admin,
    params: ofWebhook,
    answers: { 204: { description: 'It is gone.' } },
    errors: ['not_found'],
    audit: ({ params: { id } }) => ({ action: 'webhook.remove', target: `webhook:${id}` }),
    handle: async ({ params: { id } }) => {
      await needs.webhooks.remove(id)
      return done(204)
    },
  }),
]

const listRoute = (needs: Needs): Route =>
  route({
    id: 'listWebhooks',
    method: 'get',
    path,
    tag,
    summary: 'The webhooks, and how they do.',
    access: operator,
    answers: {
      200: { description: 'All of them.', schema: z.object({ webhooks: z.array(webhook) }) },
    },
    handle: async () => answer(200, { webhooks: await needs.webhooks.list() }),
  })

const ofOne = ({ webhooks }: Pick<ApiNeeds, 'webhooks'>): Route[] => [
  route({
    id: 'testWebhook',
    method: 'post',
    path: `${path}/:id/test`,
    tag,
    summary: 'Send it one message, now.',
    access: admin,
    params: ofWebhook,
    answers: { 200: { description: 'What became of it.', schema: delivery } },
    errors: ['not_found'],
    handle: async ({ params: { id } }) => answer(200, await webhooks.test(id)),
  }),
  route({
    id: 'listDeadLetters',
    method: 'get',
    path: `${path}/:id/dead`,
    tag,
    summary: 'The newest events that it did not take.',
    access: operator,
    params: ofWebhook,
    answers: {
      200: {
        description: 'At most 100.',
        schema: z.object({ deadLetters: z.array(deadLetter) }),
      },
    },
    errors: ['not_found'],
    handle: async ({ params: { id } }) => answer(200, { deadLetters: await webhooks.dead(id) }),
  }),
]
