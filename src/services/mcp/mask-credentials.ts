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
  ...[encodeURIComponent(value), encodeStrictly(value)].map(lowerCaseCodes),
  JSON.stringify(value).slice(1, -1).replaceAll('/', '\\/'), // as PHP writes JSON
  ...ESCAPES.map((escape) => value.replace(/[^\w .~-]/g, escape)),
  ...(value.length < MIN_BASE64 ? [] : inBase64(value)),
]

const lowerCaseCodes = (text: string): string =>
  text.replace(/%[\dA-F]{2}/g, (code) => code.toLowerCase())

const unicode = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`

/** As .NET escapes JSON, in either case, and as pages escape text. */
const ESCAPES = [
  unicode,
  (unit: string) => unicode(unit).toUpperCase().replace('U', 'u'),
  (unit: string) => HTML[unit] ?? unit,
] as const

const HTML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' } // prettier-ignore

/** Of shorter values the beginning would match by chance. */
const MIN_BASE64 = 6

/** Without padding, so that it is found at the end of a text and at the beginning of a longer one. */
const inBase64 = (value: string): string[] => {
  const whole = Buffer.from(value).toString('base64url')
  return [whole, whole.replaceAll('-', '+').replaceAll('_', '/')]
}

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
