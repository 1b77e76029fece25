import { AppError } from '../base/errors.ts'
import { EVENT_TYPES } from '../model/event.ts'
import { nearest } from '../model/nearest.ts'
import { serviceUnknown } from '../model/service-unknown.ts'
import type { ApiNeeds } from './needs.ts'

type Needs = Pick<ApiNeeds, 'services' | 'isInHistory'>

/**
 * A filter by a name that nothing has finds nothing, for ever: a webhook that stays silent, say. A service that is gone may
 * still be looked for in what happened to it.
 *
 * @throws AppError `service_unknown`
 */
export const checkService = async (
  { services, isInHistory }: Needs,
  name: string | null | undefined,
): Promise<void> => {
  if (name === undefined || name === null) return
  const known = services().map((service) => service.name)
  if (known.includes(name) || (await isInHistory(name))) return
  throw serviceUnknown([name], known)
}

const TYPES = Object.keys(EVENT_TYPES)
const AREAS = [...new Set(TYPES.map((type) => type.slice(0, type.indexOf('.') + 1)))]

/** @throws AppError `invalid_request` for what no type of event begins with */
export const checkEventTypes = (beginnings: readonly string[]): void => {
  for (const beginning of beginnings) {
    if (TYPES.some((type) => type.startsWith(beginning))) continue
    const near = nearest(beginning, [...TYPES, ...AREAS])
    const hint = near === undefined ? `There are: ${AREAS.join(', ')}` : `Did you mean ${near}?`
    throw new AppError('invalid_request', `No event's type begins with "${beginning}". ${hint}`)
  }
}
