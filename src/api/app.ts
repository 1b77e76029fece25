import express, { type Express, type RequestHandler } from 'express'
import { admin } from './contract/access.ts'
import { mountRoutes } from './contract/mount.ts'
import { refuseOtherMethods } from './contract/other-methods.ts'
import { createFindCaller } from './find-caller.ts'
import { errorHandler, notFoundHandler } from './errors.ts'
import type { ApiNeeds } from './needs.ts'
import { apiRoutes } from './routes/all.ts'

/** The HTTP API. */
export const createApi = (needs: ApiNeeds): Express => {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('trust proxy', [...(needs.trustedProxies ?? [])])
  const findCaller = createFindCaller(needs.identify, needs.judgeFailure)
  app.use((request, response, next) => {
    response.set('x-request-id', String(request.headers['x-request-id']))
    response.set('cache-control', 'no-store')
    next()
  })
  const routes = apiRoutes(needs)
  app.use(mountRoutes(routes, { findCaller, recordAudit: needs.recordAudit }))
  // Strangers do not learn which admin routes there are.
  const onlyAdmin: RequestHandler = async (request, _response, next) => {
    admin.admit(await findCaller(request), false)
    next()
  }
  app.use('/api/v1/admin', onlyAdmin)
  app.use(refuseOtherMethods(routes))
  app.use(notFoundHandler)
  app.use(errorHandler(needs.log))
  return app
}
