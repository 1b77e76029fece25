import type { ApiNeeds } from '../needs.ts'
import type { Route } from '../contract/route.ts'
import { instancesOfUserRoutes } from './admin-instances.ts'
import { fleetRoutes } from './fleet.ts'
import { auditRoutes } from './audit.ts'
import { healthRoutes } from './health.ts'
import { cutoverRoutes } from './cutover.ts'
import { keyRoutes } from './keys.ts'
import { identityRoutes } from './identities.ts'
import { oauthClientRoutes } from './oauth-clients.ts'
import { overviewRoutes } from './overview.ts'
import { tokenRoutes } from './tokens.ts'
import { webhookRoutes } from './webhooks.ts'
import { userRoutes } from './users.ts'

/** What the operator does; the CLI is its client. */
export const adminRoutes = (needs: ApiNeeds): Route[] => [
  ...fleetRoutes(needs),
  ...overviewRoutes(needs),
  ...healthRoutes(needs),
  ...userRoutes(needs),
  ...identityRoutes(needs),
  ...tokenRoutes(needs),
  ...instancesOfUserRoutes(needs),
  ...oauthClientRoutes(needs),
  ...keyRoutes(needs),
  ...cutoverRoutes(needs),
  ...auditRoutes(needs),
  ...webhookRoutes(needs),
]
