import type { ApiNeeds } from '../needs.ts'
import { changesInstances, reads, type UserCaller } from '../contract/access.ts'
import { answer, done, route, type Route } from '../contract/route.ts'
import { authenticated, credentialsBody, instance, instances, ofService } from '../shapes.ts'

const tag = 'instances'
const at = '/api/v1/services/:serviceType'

const ownerOf = ({ caller, params }: { caller: UserCaller; params: { serviceType: string } }) => ({
  userId: caller.userId,
  service: params.serviceType,
})

/** Closing an instance's URL for a while, and opening it again. */
export const SWITCHES = [
  { action: 'pause', isActive: false, summary: 'Close the URL for a while; nothing is lost.' },
  { action: 'resume', isActive: true, summary: 'Open the URL of a paused instance again.' },
] as const

/** What may be wrong with entered credentials. */
export const ENTRY_ERRORS = [
  'service_unknown',
  'credentials_invalid',
  'credentials_ambiguous',
  'credentials_refused',
  'instance_limit',
] as const

type InstanceNeeds = Pick<ApiNeeds, 'accounts'>

/** A user's own instances: the routes that a web app or an agent calls with the user's token. */
export const instanceRoutes = (needs: InstanceNeeds): Route[] => [
  ...entryRoutes(needs),
  ...lifeRoutes(needs),
  ...stateRoutes(needs),
]

const entryRoutes = ({ accounts }: InstanceNeeds): Route[] => [
  route({
    id: 'authenticate',
    method: 'post',
    path: `${at}/authenticate`,
    tag,
    summary: 'Enter credentials for a service; the same user and service keep their URL.',
    access: changesInstances,
    params: ofService,
    body: credentialsBody,
    answers: {
      200: { description: 'The key of the same instance was replaced.', schema: authenticated },
      201: { description: 'The instance was made.', schema: authenticated },
    },
    errors: ENTRY_ERRORS,
    audit: (_given, { body }) => ({ action: 'instance.authenticate', target: body.instanceId }),
    handle: async (given) => {
      const { created, ...body } = await accounts.authenticate(ownerOf(given), given.body)
      return answer(created ? 201 : 200, body)
    },
  }),
  route({
    id: 'getInstance',
    method: 'get',
    path: `${at}/instance`,
    tag,
    summary: "The caller's instance of a service, with its URL.",
    access: reads,
    params: ofService,
    answers: { 200: { description: 'The instance.', schema: instance } },
    errors: ['not_found'],
    handle: async (given) => answer(200, await accounts.getInstance(ownerOf(given))),
  }),
  route({
    id: 'listInstances',
    method: 'get',
    path: '/api/v1/user/instances',
    tag,
    summary: "All of the caller's instances, by service; one per service at most.",
    access: reads,
    answers: { 200: { description: 'The instances.', schema: instances } },
    handle: async ({ caller }) =>
      answer(200, { instances: await accounts.listInstances(caller.userId) }),
  }),
]

const lifeRoutes = ({ accounts }: InstanceNeeds): Route[] => [
  route({
    id: 'deleteInstance',
    method: 'delete',
    path: `${at}/instance`,
    tag,
    summary: 'End the instance; its credentials are wiped and its URL is dead at once.',
    access: changesInstances,
    params: ofService,
    answers: { 204: { description: 'It is gone.' } },
    errors: ['not_found'],
    audit: ({ params, caller }) => ({
      action: 'instance.delete',
      target: `user:${caller.userId}`,
      details: { service: params.serviceType },
    }),
    handle: async (given) => {
      await accounts.remove(ownerOf(given))
      return done(204)
    },
  }),
  route({
    id: 'rotateInstance',
    method: 'post',
    path: `${at}/instance/rotate`,
    tag,
    summary: 'Give the instance a new URL; the old one is dead at once.',
    access: changesInstances,
    params: ofService,
    answers: { 200: { description: 'The instance with its new URL.', schema: instance } },
    errors: ['not_found'],
    audit: (_given, { body }) => ({ action: 'instance.rotate', target: body.instanceId }),
    handle: async (given) => answer(200, await accounts.rotate(ownerOf(given))),
  }),
]

const stateRoutes = ({ accounts }: InstanceNeeds): Route[] => [
  route({
    id: 'verifyInstance',
    method: 'post',
    path: `${at}/instance/verify`,
    tag,
    summary: 'Ask the API of the service now whether the key works.',
    access: changesInstances,
    params: ofService,
    answers: { 200: { description: 'The instance, with what the API says.', schema: instance } },
    errors: ['not_found'],
    handle: async (given) => answer(200, await accounts.verify(ownerOf(given))),
  }),
  ...SWITCHES.map(({ action, isActive, summary }) =>
    route({
      id: `${action}Instance`,
      method: 'post',
      path: `${at}/instance/${action}`,
      tag,
      summary,
      access: changesInstances,
      params: ofService,
      answers: { 200: { description: 'The instance.', schema: instance } },
      errors: ['not_found'],
      audit: (_given, { body }) => ({ action: `instance.${action}`, target: body.instanceId }),
      handle: async (given) => answer(200, await accounts.setActive(ownerOf(given), isActive)),
    }),
  ),
]
