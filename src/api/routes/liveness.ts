import { Router } from 'express'
import type { ApiNeeds } from '../needs.ts'

/** `/health`: the daemon lives. `/ready`: every service has answered, or what is missing. */
export const livenessRoutes = ({ fleetStatus }: Pick<ApiNeeds, 'fleetStatus'>): Router => {
  const router = Router()
  router.get('/health', (_request, response) => {
    response.json({ status: 'alive', pid: process.pid })
  })
  router.get('/ready', (_request, response) => {
    const { services } = fleetStatus()
    const up = services.filter(({ state }) => state === 'healthy' || state === 'planned').length
    const isReady = up === services.length
    response
      .status(isReady ? 200 : 503)
      .json({ status: isReady ? 'ready' : 'starting', up, total: services.length })
  })
  return router
}
