import type { Database } from './database.ts'

type ServiceCount = { service: string; instances: number; active: number }

/** How many instances each service has; the registry bounds the answer. */
export const countInstances = (database: Database): Promise<ServiceCount[]> =>
  database.query<ServiceCount>(
    `select service_type as service, count(*)::int as instances, (count(*) filter (where is_active))::int as active
     from user_service_instances group by service_type order by service_type`,
  )
