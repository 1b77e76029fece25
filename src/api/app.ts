import express, { type Express } from 'express'
import { errorHandler, notFoundHandler } from './errors.ts'
import type { ApiNeeds } from './needs.ts'
import { adminRoutes } from './routes/admin.ts'
import { instanceRoutes } from './routes/instances.ts'
import { livenessRoutes } from './routes/liveness.ts'
import { serviceRoutes } from './routes/services.ts'

/** The longest credentials fit well into it. */
const MAX_BODY = '64kb'

/** The HTTP API. */
export const createApi = (needs: ApiNeeds): Express => {
  const app = express()
  app.disable('x-powered-by')
  app.use((request, response, next) => {
    response.set('x-request-id', String(request.headers['x-request-id']))
    response.set('cache-control', 'no-store')
    next()
  })
  app.use(express.json({ limit: MAX_BODY }))
  app.use(livenessRoutes(needs))
  app.use('/api/v1', serviceRoutes(needs), instanceRoutes(needs))
  app.use('/api/v1/admin', adminRoutes(needs))
  app.use(notFoundHandler)
  app.use(errorHandler(needs.log))
  return app
}
