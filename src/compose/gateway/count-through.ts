import type { AdmissionOptions } from '../../gateway/admission.ts'
import { createMeters, type Meters } from '../../model/meters.ts'

/** Every request counts for its instance, in the database, and for its service, in memory. */
export const countThrough = (
  meters: Meters | undefined,
  countUsage: NonNullable<AdmissionOptions['countUsage']>,
) => {
  const { traffic, refusals } = meters ?? createMeters()
  return {
    countBegin: ({ service }: { service: string }) => traffic.begin(service),
    countUsage: ((instance, passed) => {
      traffic.end(instance.service, passed)
      countUsage(instance, passed)
    }) satisfies typeof countUsage,
    countRefusal: (code: string) => refusals.count(code),
  }
}
