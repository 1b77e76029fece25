import { Router, type Request } from 'express'
import { z } from 'zod'
import type { ApiNeeds } from '../needs.ts'
import { requireUser } from '../identify.ts'
import { parseInput } from '../validate.ts'

const value = z.string().max(6_000)

export const credentialsBody = z.strictObject({
  credentials: z.record(z.string().max(100), value).optional(),
  apiKey: value.min(1).optional(),
})

/** A user's own instances: the routes that a web app or an agent calls with the user's token. */
export const instanceRoutes = ({
  accounts,
  identify,
}: Pick<ApiNeeds, 'accounts' | 'identify'>): Router => {
  const router = Router()
  const ownerOf = async (
    request: Request<{ serviceType: string }>,
    scope: 'instances' | 'read',
  ) => ({
    userId: await requireUser(identify, request, scope),
    service: request.params.serviceType,
  })

  router.post('/services/:serviceType/authenticate', async (request, response) => {
    const owner = await ownerOf(request, 'instances')
    const { created, ...answer } = await accounts.authenticate(
      owner,
      parseInput(credentialsBody, request.body),
    )
    response.status(created ? 201 : 200).json(answer)
  })
  router.get('/services/:serviceType/instance', async (request, response) => {
    response.json(await accounts.getInstance(await ownerOf(request, 'read')))
  })
  router.delete('/services/:serviceType/instance', async (request, response) => {
    await accounts.remove(await ownerOf(request, 'instances'))
    response.status(204).end()
  })
  router.post('/services/:serviceType/instance/rotate', async (request, response) => {
    response.json(await accounts.rotate(await ownerOf(request, 'instances')))
  })
  router.get('/user/instances', async (request, response) => {
    const userId = await requireUser(identify, request, 'read')
    response.json({ instances: await accounts.listInstances(userId) })
  })
  return router
}
