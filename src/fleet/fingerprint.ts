import { createHash } from 'node:crypto'
import type { AppSpec } from '../model/fleet.ts'

/** The variable that carries an app's fingerprint: PM2 keeps it, so the running fleet tells what it was started from. */
export const FINGERPRINT_VARIABLE = 'FLEET_FINGERPRINT'

/**
 * No part of how an app was started: what a packed host serves changes while it runs, and PATH differs between the shells
 * of one operator, while every program is called by its whole path.
 */
const NO_PART = new Set(['env.MCP_TYPES', 'env.PATH', `env.${FINGERPRINT_VARIABLE}`])

/**
 * `field:hash` of every setting, comma-separated: two of them tell which settings differ.
 * @param parts what else makes the app what it is: the version of the code, and services that do not change in place
 */
export const fingerprintOf = (spec: AppSpec, parts: Readonly<Record<string, string>>): string => {
  const { env, ...settings } = spec
  const fields = [
    ...Object.entries(settings),
    ...Object.entries(env).map(([name, value]) => [`env.${name}`, value] as const),
    ...Object.entries(parts),
  ]
  return fields
    .filter(([field, value]) => value !== undefined && !NO_PART.has(field))
    .map(([field, value]) => `${field}:${shortHash(JSON.stringify(value))}`)
    .sort()
    .join(',')
}

const shortHash = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 8)

/** Names the settings in which two fingerprints differ. */
export const changedSettings = (before: string, after: string): string[] => {
  const [old, now] = [before, after].map(
    (text) => new Map(text.split(',').map((part) => split(part))),
  )
  const fields = new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])
  return [...fields].filter((field) => field !== '' && old?.get(field) !== now?.get(field)).sort()
}

const split = (part: string): [string, string] => {
  const at = part.lastIndexOf(':')
  return [part.slice(0, at), part.slice(at + 1)]
}

/** The fingerprint that an app was, or is to be, started with. */
export const fingerprintIn = (env: Readonly<Record<string, unknown>>): string => {
  const value = env[FINGERPRINT_VARIABLE]
  return typeof value === 'string' ? value : ''
}
