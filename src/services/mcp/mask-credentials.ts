import type { Credentials } from '../../model/host-credentials.ts'
import { encodeStrictly } from './written.ts'

export type Mask = (text: string) => string

/**
 * Makes what puts `[field]` in the place of each credential, also where it stands inside JSON text or a URL. The longest come
 * first: one value may be the beginning of another.
 *
 * @param minLength Shorter values are left alone: they would match by chance.
 */
export const maskOf = (credentials: Credentials, minLength = 1): Mask => {
  const names = new Map(
    Object.entries(credentials)
      .map(([name, value]) => [name, value.trim()] as const) // as headers carry it
      .filter(([, value]) => value.length >= Math.max(minLength, 1))
      .flatMap(([name, value]) => spellings(value).map((spelling) => [spelling, name])),
  )
  if (names.size === 0) return (text) => text
  const longestFirst = [...names.keys()].sort((a, b) => b.length - a.length)
  const any = new RegExp(longestFirst.map(literally).join('|'), 'g')
  return (text) => text.replace(any, (found) => `[${names.get(found) ?? ''}]`)
}

const spellings = (value: string): string[] => [
  value,
  JSON.stringify(value).slice(1, -1),
  encodeURIComponent(value),
  encodeStrictly(value), // as our own addresses have it
]

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
