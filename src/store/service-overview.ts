import { firstOf, type Database } from './database.ts'

type ServiceCount = { service: string; instances: number; active: number }

/** How many instances each service has; the registry bounds the answer. */
export const countInstances = (database: Database): Promise<ServiceCount[]> =>
  database.query<ServiceCount>(
    `select service_type as service, count(*)::int as instances, (count(*) filter (where is_active))::int as active
     from user_service_instances group by service_type order by service_type`,
  )

/** Whether a service was watched, had an instance, or something happened to it. */
export const isInHistory = async (database: Database, service: string): Promise<boolean> => {
  const rows = await database.query<{ found: boolean }>(
    `select exists(select from service_health_hours where service_type = $1)
       or exists(select from user_service_instances where service_type = $1)
       or exists(select from events where service = $1) as found`,
    [service],
  )
  return firstOf(rows)?.found ?? false
}
