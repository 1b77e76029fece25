import { AppError } from '../../base/errors.ts'
import type { RoutingView } from '../../model/cutover.ts'
import { suggestion } from '../../model/nearest.ts'
import { listMovedServices } from '../../store/cutovers.ts'
import type { Database } from '../../store/database.ts'
import { findUser, findUserByEmail } from '../../store/users.ts'

type Exceptions = Partial<Pick<RoutingView, 'users' | 'services'>>

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * An exception for a name that nothing has would do nothing, and nobody would hear of it. Those that stand already may stay:
 * their user may be gone since.
 *
 * @throws AppError `service_unknown`, `user_unknown`
 */
export const requireKnownExceptions = async (
  database: Database,
  {
    running,
    before,
    change,
  }: { running: readonly string[]; before: RoutingView; change: Exceptions },
): Promise<void> => {
  const fresh = (kind: 'users' | 'services') => Object.keys(change[kind] ?? {}).filter((name) => !Object.hasOwn(before[kind], name)) // prettier-ignore
  const services = fresh('services')
  if (services.length > 0) {
    const known = [...new Set([...running, ...(await listMovedServices(database))])]
    const unknown = services.find((name) => !known.includes(name))
    if (unknown !== undefined)
      throw new AppError('service_unknown', `There is no service "${unknown}", running or moved${suggestion(unknown, known)}`) // prettier-ignore
  }
  for (const id of fresh('users')) await requireUser(database, id)
}

const requireUser = async (database: Database, id: string): Promise<void> => {
  if (UUID.test(id) && (await findUser(database, id))) return
  const named = id.includes('@') ? await findUserByEmail(database, id) : undefined
  const hint = named ? ` That is the email of ${named.id}: give the id.` : ' Ids are in: berth user list' // prettier-ignore
  throw new AppError('user_unknown', `No user has the id ${id}.${hint}`)
}
