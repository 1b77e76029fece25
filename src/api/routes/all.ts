import { z } from 'zod'
import { open } from '../contract/access.ts'
import { openApiDocument } from '../contract/openapi.ts'
import { answer, route, type Route } from '../contract/route.ts'
import type { ApiNeeds } from '../needs.ts'
import { adminRoutes } from './admin.ts'
import { eventRoutes } from './events.ts'
import { instanceRoutes } from './instances.ts'
import { livenessRoutes } from './liveness.ts'
import { signInRoutes } from './oauth.ts'
import { serviceRoutes } from './services.ts'
import { usageRoutes } from './usage.ts'
import { watchingRoutes } from './watching.ts'

/** Every route of the HTTP API, and last the document that describes them all. */
export const apiRoutes = (needs: ApiNeeds): Route[] => {
  const routes: Route[] = [
    ...livenessRoutes(needs),
    ...watchingRoutes(needs),
    ...serviceRoutes(needs),
    ...instanceRoutes(needs),
    ...signInRoutes(needs),
    ...eventRoutes(needs),
    ...usageRoutes(needs),
    ...adminRoutes(needs),
    route({
      id: 'openApi',
      method: 'get',
      path: '/openapi.json',
      tag: 'document',
      summary: 'This document.',
      access: open,
      answers: { 200: { description: 'OpenAPI 3.1.', schema: z.looseObject({}) } },
      etag: true,
      handle: () => answer(200, document),
    }),
  ]
  const document = openApiDocument(routes, needs)
  return routes
}
