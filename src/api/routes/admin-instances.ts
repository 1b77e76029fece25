import { z } from 'zod'
import type { ApiNeeds } from '../needs.ts'
import { admin, operator } from '../contract/access.ts'
import { answer, done, route, type Route } from '../contract/route.ts'
import {
  authenticated, credentialsBody, cursor, email, instance, instances, listedInstance, nextCursor, serviceName,
} from '../shapes.ts' // prettier-ignore
import { ENTRY_ERRORS, SWITCHES } from './instances.ts'

const tag = 'instances of users'
const path = '/api/v1/admin/instances'
const instanceOfUser = z.object({ email, service: serviceName })

type OfUserNeeds = Pick<ApiNeeds, 'accounts'>

const findOwner =
  ({ accounts }: OfUserNeeds) =>
  async ({ email: of, service }: z.output<typeof instanceOfUser>) => ({
    userId: (await accounts.userByEmail(of)).id,
    service,
  })

/** What the operator does for a user, with the same answers. */
export const instancesOfUserRoutes = (needs: OfUserNeeds): Route[] => [
  overviewRoute(needs),
  ...entryRoutes(needs),
  ...lifeRoutes(needs),
  ...switchRoutes(needs),
]

const entryRoutes = (needs: OfUserNeeds): Route[] => {
  const { accounts } = needs
  const ownerOf = findOwner(needs)
  return [
    route({
      id: 'authenticateFor',
      method: 'post',
      path,
      tag,
      summary: 'Enter credentials for a user.',
      access: admin,
      body: credentialsBody.extend({ email, service: serviceName }),
      answers: {
        200: { description: 'The key of the same instance was replaced.', schema: authenticated },
        201: { description: 'The instance was made.', schema: authenticated },
      },
      errors: ['user_unknown', ...ENTRY_ERRORS],
      audit: (_given, { body }) => ({ action: 'instance.authenticate', target: body.instanceId }),
      handle: async ({ body: { email: of, service, ...input } }) => {
        const owner = await ownerOf({ email: of, service })
        const { created, ...body } = await accounts.authenticate(owner, input)
        return answer(created ? 201 : 200, body)
      },
    }),
    route({
      id: 'listInstancesOf',
      method: 'get',
      path,
      tag,
      summary: "A user's instances.",
      access: admin,
      query: z.object({ email }),
      answers: { 200: { description: 'The instances.', schema: instances } },
      errors: ['user_unknown'],
      handle: async ({ query }) => {
        const { id } = await accounts.userByEmail(query.email)
        return answer(200, { instances: await accounts.listInstances(id) })
      },
    }),
  ]
}

/** Everybody's instances, without what opens them: an operator may see this. */
const overviewRoute = ({ accounts }: OfUserNeeds): Route =>
  route({
    id: 'listAllInstances',
    method: 'get',
    path: `${path}/all`,
    tag,
    summary: "Everybody's instances by handle, without their URLs, 200 a page.",
    access: operator,
    query: z.object({ cursor }),
    answers: {
      200: {
        description: 'The instances.',
        schema: z.object({ instances: z.array(listedInstance), nextCursor }),
      },
    },
    handle: async ({ query }) => {
      const page = await accounts.listAllInstances(query.cursor)
      return answer(200, { instances: page.items, nextCursor: page.nextCursor })
    },
  })

const lifeRoutes = (needs: OfUserNeeds): Route[] => {
  const { accounts } = needs
  const ownerOf = findOwner(needs)
  return [
    route({
      id: 'rotateInstanceOf',
      method: 'post',
      path: `${path}/rotate`,
      tag,
      summary: "Give a user's instance a new URL.",
      access: admin,
      body: instanceOfUser,
      answers: { 200: { description: 'The instance with its new URL.', schema: instance } },
      errors: ['user_unknown', 'not_found'],
      audit: (_given, { body }) => ({ action: 'instance.rotate', target: body.instanceId }),
      handle: async ({ body }) => answer(200, await accounts.rotate(await ownerOf(body))),
    }),
    route({
      id: 'deleteInstanceOf',
      method: 'delete',
      path,
      tag,
      summary: "End a user's instance and wipe its key.",
      access: admin,
      query: instanceOfUser,
      answers: { 204: { description: 'It is gone.' } },
      errors: ['user_unknown', 'not_found'],
      audit: ({ query }) => ({
        action: 'instance.delete',
        target: query.service,
        details: { email: query.email },
      }),
      handle: async ({ query }) => {
        await accounts.remove(await ownerOf(query))
        return done(204)
      },
    }),
  ]
}

const switchRoutes = (needs: OfUserNeeds): Route[] => {
  const { accounts } = needs
  const ownerOf = findOwner(needs)
  return [
    route({
      id: 'verifyInstanceOf',
      method: 'post',
      path: `${path}/verify`,
      tag,
      summary: "Ask the API of the service whether a user's key works.",
      access: admin,
      body: instanceOfUser,
      answers: { 200: { description: 'The instance, with what the API says.', schema: instance } },
      errors: ['user_unknown', 'not_found'],
      handle: async ({ body }) => answer(200, await accounts.verify(await ownerOf(body))),
    }),
    ...SWITCHES.map(({ action, isActive, summary }) =>
      route({
        id: `${action}InstanceOf`,
        method: 'post',
        path: `${path}/${action}`,
        tag,
        summary,
        access: admin,
        body: instanceOfUser,
        answers: { 200: { description: 'The instance.', schema: instance } },
        errors: ['user_unknown', 'not_found'],
        audit: (_given, { body }) => ({ action: `instance.${action}`, target: body.instanceId }),
        handle: async ({ body }) =>
          answer(200, await accounts.setActive(await ownerOf(body), isActive)),
      }),
    ),
  ]
}
