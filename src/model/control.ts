import type { Service } from './service.ts'

/**
 * The control channel between the daemon and a host: a unix socket (0600) of the host's, one JSON message per line.
 * `describe` asks what the host serves, `measure` how it fares; `change` swaps services while the others go on.
 */
export const CONTROL_VERSION = 1

/** Above the configs of all services of a big host. */
export const MAX_CONTROL_BYTES = 64 * 1024 * 1024

export type ControlCall =
  /** `known`: the revision that the daemon has the services of; they are not told again. */
  | { method: 'describe'; known?: string }
  | { method: 'measure' }
  | { method: 'change'; remove: readonly string[]; put: readonly Service[] }

export type ControlRequest = { id: number; version: number; call: ControlCall }
export type ControlAnswer = { id: number; result?: unknown; error?: string }

/** What a host serves right now. */
export type HostDescription = {
  pid: number
  /** Another one with every change of what is served, and with every process. */
  revision?: string
  services: readonly Service[]
  /** Ports that somebody else holds; the host keeps trying. */
  taken: readonly number[]
}

/** The same over the channel: without the services where the revision is the one that was named. */
export type HostAnswer = Omit<HostDescription, 'services'> & Partial<HostDescription>

/**
 * Checks the outer form of a request. Configs pass as they are: both ends are of the same build, and the version says so.
 * Written by hand, since a host program starts without a schema library.
 */
export const parseControlRequest = (value: unknown): ControlRequest | undefined => {
  if (!isObject(value) || typeof value['id'] !== 'number' || !isObject(value['call']))
    return undefined
  const { id, version, call } = value
  const base = { id, version: typeof version === 'number' ? version : 0 }
  const { method } = call
  if (method === 'measure') return { ...base, call: { method } }
  if (method === 'describe') return { ...base, call: describing(call['known']) }
  const { remove, put } = call
  if (call['method'] !== 'change' || !Array.isArray(remove) || !Array.isArray(put)) return undefined
  return { ...base, call: { method: 'change', remove: remove as string[], put: put as Service[] } }
}

const describing = (known: unknown): ControlCall =>
  typeof known === 'string' ? { method: 'describe', known } : { method: 'describe' }

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null
