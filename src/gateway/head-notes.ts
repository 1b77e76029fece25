import type { InstanceRoute } from '../model/instance.ts'

/**
 * What was found out about a request's head and follows from it alone. Clients send the same head over and over on one
 * connection; such requests share these notes. Nothing of what is decided about a request belongs here.
 */
export type HeadNotes = {
  /** Of its path; null: it is no instance URL. */
  route: InstanceRoute | null | undefined
  /** The SHA-256 of the secret in it. */
  secretHash: Buffer | undefined
  isEventStream: boolean | undefined
  /** What of its headers passes to a host, as lines. */
  passed: string | undefined
}

export const newNotes = (): HeadNotes => ({
  route: undefined,
  secretHash: undefined,
  isEventStream: undefined,
  passed: undefined,
})
