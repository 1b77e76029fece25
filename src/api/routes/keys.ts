import { z } from 'zod'
import type { ApiNeeds } from '../needs.ts'
import { admin, operator } from '../contract/access.ts'
import { byOf } from '../audit-by.ts'
import { answer, done, route, type Route } from '../contract/route.ts'

const tag = 'keys'
const path = '/api/v1/admin/keys'

const kid = z.string().regex(/^k[0-9a-f]{8}$/, 'is not the id of a key')
const rotation = z.object({
  kid: z.string(),
  phase: z.enum(['waiting', 'sealing', 'done']),
  waitingFor: z.array(z.string()),
  done: z.int(),
  total: z.int(),
  unreadable: z.int(),
})
const job = z
  .object({ isRunning: z.boolean(), rotation: rotation.nullable(), failure: z.string().nullable() })
  .meta({ id: 'RotationJob' })
const key = z
  .object({
    kid: z.string(),
    state: z.enum(['pending', 'active', 'retired', 'removed']),
    inRing: z.boolean(),
    values: z.int().describe('Sealed values that need it.'),
    sealing: z.array(z.string()).describe('Live processes that seal by it.'),
    removable: z.boolean(),
  })
  .meta({ id: 'VaultKey' })

/** The vault's keys: never a key itself. */
export const keyRoutes = ({ keys }: Pick<ApiNeeds, 'keys'>): Route[] => [
  route({
    id: 'keyStatus',
    method: 'get',
    path,
    tag,
    summary: 'The keys of the vault, what needs them, and the rotation that runs or ran last.',
    access: operator,
    answers: {
      200: {
        description: 'The keys.',
        schema: z.object({ keys: z.array(key), processes: z.array(z.string()), job }),
      },
    },
    errors: ['key_missing'],
    handle: async () => answer(200, { ...(await keys.status()), job: keys.job() }),
  }),
  route({
    id: 'rotateKeys',
    method: 'post',
    path: `${path}/rotate`,
    tag,
    summary: 'Begin or go on with a rotation; GET shows how far it is.',
    access: admin,
    body: z.strictObject({
      kid: kid.optional().describe('Go on with the rotation to this key, and begin no other.'),
    }),
    answers: { 202: { description: 'It runs, or is done.', schema: job } },
    errors: ['key_missing'],
    handle: async ({ body, origin }) => answer(202, await keys.rotate(byOf(origin), body.kid)),
  }),
  route({
    id: 'removeKey',
    method: 'delete',
    path: `${path}/:kid`,
    tag,
    summary: 'Take a key that nothing needs out of the ring for good.',
    access: admin,
    params: z.object({ kid }),
    answers: { 204: { description: 'It is removed.' } },
    errors: ['key_needed', 'key_missing'],
    handle: async ({ params, origin }) => {
      await keys.remove(params.kid, byOf(origin))
      return done(204)
    },
  }),
]
