import { Router } from 'express'
import { z } from 'zod'
import { AppError } from '../../base/errors.ts'
import type { ApiNeeds } from '../needs.ts'
import { parseInput } from '../validate.ts'

const someServices = z.strictObject({ services: z.array(z.string().max(100)).min(1).max(5_000) })

/** What the operator does with the running fleet; behind the admin's check. */
export const fleetRoutes = ({ fleet, services }: Pick<ApiNeeds, 'fleet' | 'services'>): Router => {
  const router = Router()
  /** @throws AppError `service_unknown` naming all that are */
  const known = (body: unknown): string[] => {
    const names = parseInput(someServices, body).services
    const unknown = names.filter((name) => !services().some((service) => service.name === name))
    if (unknown.length === 0) return names
    throw new AppError('service_unknown', `There is no service ${unknown.join(', ')}.`)
  }

  router.get('/plan', async (_request, response) => {
    response.json(await fleet.plan())
  })
  router.post('/apply', async (_request, response) => {
    response.json(await fleet.apply())
  })
  router.post('/services/restart', async (request, response) => {
    const names = known(request.body)
    await fleet.restart(names)
    response.json({ restarted: names })
  })
  router.post('/services/stop', async (request, response) => {
    const names = known(request.body)
    await fleet.stopServices(names)
    response.json({ stopped: names })
  })
  router.post('/services/start', async (request, response) => {
    const names = known(request.body)
    await fleet.startServices(names)
    response.json({ started: names })
  })
  return router
}
