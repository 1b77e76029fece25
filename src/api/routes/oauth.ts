import { z } from 'zod'
import { AppError } from '../../base/errors.ts'
import { SIGN_IN_STATES } from '../../model/oauth.ts'
import { callbackPage, PAGE_HEADERS } from '../callback-page.ts'
import { admin, changesInstances, open, reads, type UserCaller } from '../contract/access.ts'
import { answer, route, type Route } from '../contract/route.ts'
import type { ApiNeeds } from '../needs.ts'
import type { SignedIn } from '../oauth-needs.ts'
import { credentialsBody, email, isoTime, ofService, serviceName } from '../shapes.ts'

const tag = 'signing in'
const at = '/api/v1/services/:serviceType/oauth'

type Needs = Pick<ApiNeeds, 'accounts' | 'signIns' | 'services' | 'recordAudit' | 'judgeFailure'>

const fields = credentialsBody.omit({ apiKey: true })
const started = z
  .object({
    authorizationUrl: z.url().describe('For the browser of the user: the page of the provider.'),
    expiresAt: isoTime.describe('Until then the user must be back.'),
  })
  .meta({ id: 'SignInStarted' })
const status = z
  .object({ state: z.enum(SIGN_IN_STATES), expiresAt: isoTime.nullable() })
  .meta({ id: 'SignIn' })

const START_ERRORS = ['service_unknown', 'oauth_not_offered', 'credentials_invalid'] as const

const ownerOf = ({ caller, params }: { caller: UserCaller; params: { serviceType: string } }) => ({
  userId: caller.userId,
  service: params.serviceType,
})

/** Signing in to a service instead of entering a token. */
export const signInRoutes = (needs: Needs): Route[] => [
  ...userRoutes(needs),
  ...adminRoutes(needs),
  callbackRoute(needs),
]

const userRoutes = ({ signIns }: Needs): Route[] => [
  route({
    id: 'startSignIn',
    method: 'post',
    path: `${at}/start`,
    tag,
    summary:
      'Begin to sign in to a service; an earlier sign-in to it can not be finished any more.',
    access: changesInstances,
    params: ofService,
    body: fields,
    answers: { 200: { description: 'Where the user goes now.', schema: started } },
    errors: START_ERRORS,
    audit: ({ params }) => ({ action: 'oauth.start', target: params.serviceType }),
    handle: async (given) => answer(200, await signIns.start(ownerOf(given), given.body)),
  }),
  route({
    id: 'signInStatus',
    method: 'get',
    path: at,
    tag,
    summary: 'How the latest sign-in to a service went.',
    access: reads,
    params: ofService,
    answers: {
      200: { description: 'Its state; `waiting`: the user is not back.', schema: status },
    },
    errors: ['service_unknown'],
    handle: async (given) => answer(200, await signIns.status(ownerOf(given))),
  }),
]

const adminRoutes = ({ accounts, signIns }: Needs): Route[] => {
  const path = '/api/v1/admin/instances/oauth'
  const ofUser = z.object({ email, service: serviceName })
  const findOwner = async ({ email: of, service }: z.output<typeof ofUser>) => ({
    userId: (await accounts.userByEmail(of)).id,
    service,
  })
  return [
    route({
      id: 'startSignInFor',
      method: 'post',
      path,
      tag,
      summary: 'Begin a sign-in for a user, who opens the address.',
      access: admin,
      body: fields.extend({ email, service: serviceName }),
      answers: { 200: { description: 'Where the user goes now.', schema: started } },
      errors: ['user_unknown', ...START_ERRORS],
      audit: ({ body }) => ({ action: 'oauth.start', target: body.service, details: { email: body.email } }), // prettier-ignore
      handle: async ({ body: { email: of, service, ...input } }) =>
        answer(200, await signIns.start(await findOwner({ email: of, service }), input)),
    }),
    route({
      id: 'signInStatusOf',
      method: 'get',
      path,
      tag,
      summary: "How a user's latest sign-in to a service went.",
      access: admin,
      query: ofUser,
      answers: { 200: { description: 'Its state.', schema: status } },
      errors: ['user_unknown', 'service_unknown'],
      handle: async ({ query }) => answer(200, await signIns.status(await findOwner(query))),
    }),
  ]
}

const page = (description: string) => ({
  description,
  schema: z.string(),
  contentType: 'text/html' as const,
})

/** Where providers send browsers back to. Whatever happened, a person reads the answer. */
const callbackRoute = (needs: Needs): Route =>
  route({
    id: 'oauthCallback',
    method: 'get',
    path: '/oauth/callback',
    tag,
    summary: 'Where providers send browsers back to; a page for people.',
    access: open,
    query: z.looseObject({
      state: z.unknown().optional(),
      code: z.unknown().optional(),
      error: z.unknown().optional(),
      iss: z.unknown().optional(),
    }),
    answers: {
      200: page('The service is connected.'),
      400: page('It is not; the page says why and what to do.'),
    },
    errors: ['too_many_requests', 'database_unavailable'],
    handle: async ({ query, origin }) => {
      const signedIn = await needs.signIns.finish(parametersOf(query))
      if (signedIn.kind === 'unknown') refuseGuessing(needs, origin.address)
      else await record(needs, signedIn, origin.address)
      const text = callbackPage(signedIn, await namesOf(needs, signedIn))
      return answer(signedIn.kind === 'done' ? 200 : 400, text, PAGE_HEADERS)
    },
  })

/** As they came: one that came twice stays twice, and is refused for it. */
const parametersOf = (query: Record<string, unknown>): URLSearchParams => {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, typeof one === 'string' ? one : '']),
  )
  return new URLSearchParams(pairs)
}

/** @throws AppError `too_many_requests` for the address that tries many */
const refuseGuessing = ({ judgeFailure }: Needs, address: string): void => {
  const judged = judgeFailure(address, new AppError('not_found', 'There is no such sign-in.'))
  if (judged instanceof AppError && judged.code === 'too_many_requests') throw judged
}

type Known = Exclude<SignedIn, { kind: 'unknown' }>

const record = ({ recordAudit }: Needs, signedIn: Known, from: string): Promise<void> => {
  const { kind, userId, service } = signedIn
  const target = kind === 'done' ? signedIn.instanceId : service
  const details = { service, outcome: kind }
  return recordAudit({ actor: `user:${userId}`, action: 'oauth.sign-in', target, from, details })
}

const namesOf = async ({ services, accounts }: Needs, signedIn: SignedIn) => {
  if (signedIn.kind === 'unknown') return { service: '', email: undefined }
  const service = services().find(({ name }) => name === signedIn.service)
  const email = await accounts.emailOf(signedIn.userId)
  return { service: service?.displayName ?? signedIn.service, email }
}
