import type { CutoverView } from '../model/cutover.ts'

type Told = { at: string; text: string }

/** Why old URLs of a service's moved instances may still be the old server's, when the last cutover went back or holds. */
export const tellOfCutover = (cutover: CutoverView, service: string): Told | undefined => {
  const { id, state, step, services, reason, endedAt, problem, waitsFor, percent } = cutover
  if (!services.includes(service)) return undefined
  const now = new Date().toISOString()
  if (state === 'reverted')
    return { at: endedAt ?? now, text: `Cutover ${id} went back at ${step}, and ${percent} % of the old URLs are served here: ${reason}.` } // prettier-ignore
  const why = problem ?? waitsFor
  if (state !== 'running' || why === null) return undefined
  return { at: now, text: `Cutover ${id} holds at ${step}, and ${percent} % of the old URLs are served here: ${why}` } // prettier-ignore
}
