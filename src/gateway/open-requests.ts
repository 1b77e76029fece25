import { AppError } from '../base/errors.ts'
import type { GatewayInstance } from './authenticate.ts'
import type { Limits } from './limits.ts'

/**
 * Counts what is under way: per instance, requests and event streams each, since a stream lasts for hours; and all of the
 * process, each of which holds two file descriptors.
 */
export const createOpenRequests = (maxOpen: number) => {
  const requests = new Map<string, number>()
  const streams = new Map<string, number>()
  let open = 0
  return {
    /** @throws AppError `too_many_requests`, `service_unavailable` */
    begin: ({ handle }: GatewayInstance, { concurrent }: Limits, isStream: boolean): void => {
      const counts = isStream ? streams : requests
      const count = counts.get(handle) ?? 0
      if (count >= concurrent) throw tooMany(isStream)
      if (open >= maxOpen) throw full()
      counts.set(handle, count + 1)
      open += 1
    },
    /** One that has begun is over. */
    end: ({ handle }: GatewayInstance, isStream: boolean): void => {
      const counts = isStream ? streams : requests
      const left = (counts.get(handle) ?? 1) - 1
      if (left === 0) counts.delete(handle)
      else counts.set(handle, left)
      open -= 1
    },
  }
}

const tooMany = (isStream: boolean): AppError =>
  new AppError(
    'too_many_requests',
    `This instance has as many ${isStream ? 'open streams' : 'requests under way'} as it may.`,
    { retryAfterSeconds: 1 },
  )

const full = (): AppError =>
  new AppError('service_unavailable', 'This gateway has as many open requests as it may; try again soon.', { retryAfterSeconds: 5 }) // prettier-ignore
