import { createHash } from 'node:crypto'

/** The two ways of a request to an old URL: to the old server, or to the shared fleet. */
export type Way = 'old' | 'shared'

/** Where requests to the old URLs of moved instances go. */
export type OldRouting = {
  /** Of moved instances, served by the shared fleet; 0 to 100. */
  percent: number
  /** Exceptions, by user id and by service; a user's goes first. */
  users: Readonly<Record<string, Way>>
  services: Readonly<Record<string, Way>>
  /** Whether requests are noted for a comparison. */
  comparing: boolean
  /** Whether an error of a tool, inside an answer of 200, counts as one. */
  toolErrors: boolean
  /** Changes with every change of the routing. */
  epoch: number
  /** What users are told. */
  notice: { text: string; since: Date } | undefined
}

/** An instance of the older model that is served here by now. */
export type MovedInstance = {
  /** Its handle here. */
  instanceId: string
  service: string
  userId: string
  /** The service's name in the old URL. */
  oldType: string
}

/** The way of an instance: always the same one as long as the routing is the same, and shared for good as it grows. */
export const wayOf = (routing: OldRouting, moved: MovedInstance): Way =>
  routing.users[moved.userId] ??
  routing.services[moved.service] ??
  (placeOf(moved.instanceId) < routing.percent ? 'shared' : 'old')

/** From 0 to below 100, as good as random. */
const placeOf = (instanceId: string): number =>
  (createHash('sha256').update(instanceId).digest().readUInt32BE(0) / 2 ** 32) * 100
