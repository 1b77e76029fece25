import type { ServiceStatus } from '../model/fleet.ts'

/** Answers `/health` as itself; a planned service has no tools yet, but is up. */
export const isUp = ({ state }: Pick<ServiceStatus, 'state'>): boolean =>
  state === 'healthy' || state === 'planned'
