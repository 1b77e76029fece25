import { Router } from 'express'
import { z } from 'zod'
import type { ApiNeeds } from '../needs.ts'
import { requireAdmin } from '../identify.ts'
import { parseInput } from '../validate.ts'
import { fleetRoutes } from './fleet.ts'
import { credentialsBody } from './instances.ts'

const email = z.email().max(320)
const service = z.string().max(100)
const newUser = z.strictObject({ email })
// A year 0 is a date here, but none to a database.
const expiry = z.iso.datetime().refine((text) => Date.parse(text) > 0, 'is before 1970')
const newToken = z.strictObject({ email, expiresAt: expiry.optional() })
const ofUser = z.object({ email: email.optional() })
const instanceOfUser = z.object({ email, service })
const newInstance = credentialsBody.extend({ email, service })

type AdminNeeds = Pick<
  ApiNeeds,
  'accounts' | 'identify' | 'fleetStatus' | 'migrationStatus' | 'fleet' | 'services'
>

/** What the operator does; the CLI is its client. */
export const adminRoutes = (needs: AdminNeeds): Router => {
  const router = Router()
  router.use(async (request, _response, next) => {
    await requireAdmin(needs.identify, request)
    next()
  })
  router.get('/fleet', (_request, response) => void response.json(needs.fleetStatus()))
  router.get('/database', async (_request, response) => {
    response.json(await needs.migrationStatus())
  })
  router.use(fleetRoutes(needs))
  router.use('/users', userRoutes(needs))
  router.use('/tokens', tokenRoutes(needs))
  router.use('/instances', instancesOfUserRoutes(needs))
  return router
}

const userRoutes = ({ accounts }: AdminNeeds): Router => {
  const router = Router()
  router.post('/', async (request, response) => {
    response.status(201).json(await accounts.addUser(parseInput(newUser, request.body).email))
  })
  router.get('/', async (_request, response) => {
    response.json({ users: await accounts.listUsers() })
  })
  return router
}

const tokenRoutes = ({ accounts }: AdminNeeds): Router => {
  const router = Router()
  router.post('/', async (request, response) => {
    const wanted = parseInput(newToken, request.body)
    const { id: userId } = await accounts.userByEmail(wanted.email)
    const expiresAt = wanted.expiresAt === undefined ? undefined : new Date(wanted.expiresAt)
    response.status(201).json(await accounts.createToken({ userId, expiresAt }))
  })
  router.get('/', async (request, response) => {
    const { email: owner } = parseInput(ofUser, request.query)
    const user = owner === undefined ? undefined : await accounts.userByEmail(owner)
    response.json({ tokens: await accounts.listTokens(user?.id) })
  })
  router.delete('/:id', async (request, response) => {
    await accounts.revokeToken(parseInput(z.uuid('is not the id of a token'), request.params.id))
    response.status(204).end()
  })
  return router
}

const instancesOfUserRoutes = ({ accounts }: AdminNeeds): Router => {
  const router = Router()
  const ownerOf = async (of: { email: string; service: string }) => ({
    userId: (await accounts.userByEmail(of.email)).id,
    service: of.service,
  })
  router.post('/', async (request, response) => {
    const { email: of, service: name, ...input } = parseInput(newInstance, request.body)
    const owner = await ownerOf({ email: of, service: name })
    const { created, ...answer } = await accounts.authenticate(owner, input)
    response.status(created ? 201 : 200).json(answer)
  })
  router.get('/', async (request, response) => {
    const user = await accounts.userByEmail(parseInput(newUser, request.query).email)
    response.json({ instances: await accounts.listInstances(user.id) })
  })
  router.post('/rotate', async (request, response) => {
    const owner = await ownerOf(parseInput(instanceOfUser, request.body))
    response.json(await accounts.rotate(owner))
  })
  router.delete('/', async (request, response) => {
    await accounts.remove(await ownerOf(parseInput(instanceOfUser, request.query)))
    response.status(204).end()
  })
  return router
}
