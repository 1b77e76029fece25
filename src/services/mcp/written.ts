import type { Parameter } from '../../model/service.ts'
import { asText } from './body-template.ts'

type Style = Parameter['style']
type Pair = readonly [key: string, value: string]
type Encode = (text: string) => string

/** RFC 3986 §2.3; `encodeURIComponent` leaves `!'()*`. */
export const encodeStrictly: Encode = (text) =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  )

/** RFC 6570 `{+name}`, without what would end the path. */
const encodeInPath: Encode = (text) =>
  encodeStrictly(text).replace(/%(?:2F|3A|40|21|24|26|27|28|29|2A|2B|2C|3B|3D)/g, decodeURIComponent) // prettier-ignore

/** The same without what would end a value of the query, and without `+`, which servers take for a space. */
const encodeInQuery: Encode = (text) =>
  encodeStrictly(text).replace(/%(?:2F|3A|3F|40|21|24|27|28|29|2A|2C|3B|3D)/g, decodeURIComponent)

const asItIs: Encode = (text) => text

export const encodingIn = (place: 'path' | 'query', parameter: Parameter | undefined): Encode => {
  if (parameter?.reserved !== true) return encodeStrictly
  return place === 'path' ? encodeInPath : encodeInQuery
}

const SEPARATORS: Partial<Record<NonNullable<Style>, string>> = { space: ' ', pipe: '|' }

/** A value as one text, as path, header and cookie need it; a comma stands as it is, its items are encoded. */
export const writeOne = (value: unknown, style: Style, encode: Encode = asItIs): string => {
  const items = listOf(value, style)
  if (!items) return encode(asText(value))
  const separator = (style && SEPARATORS[style]) ?? ','
  const written = separator === ',' ? separator : encode(separator)
  return items.map((item) => encode(asText(item))).join(written)
}

/** The items of an array; of an object, keys and values in turn, when the style wants that. */
const listOf = (value: unknown, style: Style): readonly unknown[] | undefined => {
  if (style === 'json' || typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) return value as unknown[]
  return style === undefined ? undefined : Object.entries(value).flat()
}

/** A value as pairs of a query or a form, both sides encoded. */
export const writePairs = (
  name: string,
  value: unknown,
  { style, encode }: { style: Style; encode: Encode },
): Pair[] => {
  const write = (key: string, item: unknown): Pair => [encodeStrictly(key), encode(asText(item))]
  const pairs = severalOf(name, value, style)
  return pairs
    ? pairs.map(([key, item]) => write(key, item))
    : [[encodeStrictly(name), writeOne(value, style, encode)]]
}

/** Undefined when the style puts it all into one value. */
const severalOf = (name: string, value: unknown, style: Style): [string, unknown][] | undefined => {
  if (typeof value !== 'object' || value === null) return undefined
  if (style === 'deepObject' || style === 'brackets') return nested(name, value)
  if (Array.isArray(value)) return severalOfList(name, value, style)
  return style === 'repeat' ? spread(value) : undefined
}

const severalOfList = (
  name: string,
  list: readonly unknown[],
  style: Style,
): [string, unknown][] | undefined => {
  if (list.length === 0 && style !== 'json') return [] // RFC 6570 §2.3: no members, no value
  return style === undefined || style === 'repeat' ? list.map((item) => [name, item]) : undefined
}

/** Every property is a key of its own, and repeats as an array would. */
const spread = (value: object): [string, unknown][] =>
  Object.entries(value).flatMap(([key, item]: [string, unknown]) =>
    Array.isArray(item) ? item.map((one): [string, unknown] => [key, one]) : [[key, item]],
  )

/** `a[b][c]=1`, and `a[b][]=1` for arrays. */
const nested = (key: string, value: unknown): [string, unknown][] => {
  if (Array.isArray(value)) return value.flatMap((item) => nested(`${key}[]`, item))
  if (typeof value !== 'object' || value === null) return [[key, value]]
  return Object.entries(value).flatMap(([name, item]) => nested(`${key}[${name}]`, item))
}
