import type { PARAMETER_TYPES } from '../../model/service.ts'
import { isObject, listAt, objectAt, textsAt, valueAt, type Json } from './json.ts'
import type { References } from './references.ts'

type ParameterType = (typeof PARAMETER_TYPES)[number]

/** A schema without references and compositions on its first level; its properties may still have them. */
export type Shape = {
  type: ParameterType
  keywords: Json
  properties: ReadonlyMap<string, unknown>
  required: ReadonlySet<string>
  /** What it may be, where that cannot be said in one type. */
  alternatives: readonly unknown[]
}

export type Schemas = { shapeOf: (schema: unknown) => Shape }

/**
 * Reads JSON Schemas of all dialects of OpenAPI. `allOf` is merged; of `oneOf` and `anyOf` objects come together with all
 * their properties, required where every alternative requires them, and scalars to a common type.
 */
export const createSchemas = ({ resolve }: References): Schemas => {
  const known = new WeakMap<object, Json>()

  const merge = (schema: unknown): Json => {
    const node = resolve(schema)
    if (!isObject(node)) return {}
    const before = known.get(node)
    if (before) return before
    known.set(node, {}) // what contains itself adds nothing to itself
    const merged = combine(withParts(node), merge)
    known.set(node, merged)
    return merged
  }

  const withParts = (node: Json): Json =>
    listAt(node, 'allOf').map(merge).reduce(both, withoutCompositions(node))

  return {
    shapeOf: (schema) => {
      const keywords = merge(schema)
      return {
        type: typeOf(keywords),
        keywords,
        properties: new Map(Object.entries(objectAt(keywords, 'properties'))),
        required: new Set(textsAt(keywords, 'required')),
        alternatives: listAt(keywords, 'anyOf'),
      }
    },
  }
}

const withoutCompositions = (node: Json): Json => {
  const { allOf: _allOf, ...rest } = node
  return rest
}

/** Both at once: what the first says goes before, but properties and requirements come together. */
const both = (a: Json, b: Json): Json => {
  const required = [...textsAt(a, 'required'), ...textsAt(b, 'required')]
  const properties = { ...objectAt(b, 'properties'), ...objectAt(a, 'properties') }
  const alternatives = [...alternativesOf(a), ...alternativesOf(b)]
  return {
    ...b,
    ...a,
    ...(required.length > 0 ? { required } : {}),
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
    ...(alternatives.length > 0 ? { oneOf: undefined, anyOf: alternatives } : {}),
  }
}

const alternativesOf = (node: Json): readonly unknown[] => [
  ...listAt(node, 'oneOf'),
  ...listAt(node, 'anyOf'),
]

/** Puts the alternatives of `oneOf` and `anyOf` into one schema where that says the truth; else they stay under `anyOf`. */
const combine = (node: Json, merge: (schema: unknown) => Json): Json => {
  const { oneOf: _oneOf, anyOf: _anyOf, ...rest } = node
  const merged = alternativesOf(node).map(merge)
  const real = merged.filter((schema) => valueAt(schema, 'type') !== 'null')
  const [first] = real
  if (!first) return rest
  const types = new Set(real.map(typeOf))
  if (real.length === 1) return both(rest, first)
  if (isFullObject(rest) || types.has('object')) {
    if (types.size === 1 || isFullObject(rest)) return united(rest, real)
    return { ...rest, anyOf: real }
  }
  if (types.size === 1 && !types.has('any')) return sameType(rest, real)
  return typeOf(rest) === 'any' ? { ...rest, anyOf: real } : rest
}

const isFullObject = (node: Json): boolean => Object.keys(objectAt(node, 'properties')).length > 0

const united = (base: Json, alternatives: readonly Json[]): Json => {
  const inAll = textsAt(alternatives[0], 'required').filter((name) =>
    alternatives.every((schema) => textsAt(schema, 'required').includes(name)),
  )
  const properties = Object.assign(
    {},
    ...alternatives.map((a) => objectAt(a, 'properties')),
  ) as Json
  return both(base, { type: 'object', properties, required: inAll })
}

const sameType = (base: Json, alternatives: readonly Json[]): Json => {
  const enums = alternatives.map((schema) => valueAt(schema, 'enum'))
  const { enum: _enum, ...first } = alternatives[0] ?? {}
  return {
    ...first,
    ...base,
    ...(enums.every(Array.isArray) ? { enum: [...new Set(enums.flat() as unknown[])] } : {}),
  }
}

const TYPES: Readonly<Record<string, ParameterType>> = {
  string: 'string', number: 'number', integer: 'integer', boolean: 'boolean', array: 'array', object: 'object',
  file: 'file', int: 'integer', int32: 'integer', int64: 'integer', long: 'integer', short: 'integer', float: 'number',
  double: 'number', decimal: 'number', numeric: 'number', bool: 'boolean', list: 'array', dict: 'object', map: 'object',
  hash: 'object', json: 'object', any: 'any', null: 'any', undefined: 'any',
} // prettier-ignore

const typeOf = (node: Json): ParameterType => {
  const stated = node['type']
  if (typeof stated === 'string') return TYPES[stated.toLowerCase()] ?? 'string'
  if (Array.isArray(stated)) return commonType(stated.filter((type) => type !== 'null'))
  return listAt(node, 'anyOf').length > 0 ? 'any' : inferred(node)
}

/** OpenAPI 3.1 has lists of types. A string may also hold a number, so it stands for all scalars. */
const commonType = (types: readonly unknown[]): ParameterType => {
  const known = new Set(types.map((type) => TYPES[String(type).toLowerCase()] ?? 'string'))
  const [only = 'any'] = known
  if (known.size <= 1) return only
  if (known.has('array') || known.has('object') || known.has('any')) return 'any'
  return [...known].every((type) => type === 'number' || type === 'integer') ? 'number' : 'string'
}

const inferred = (node: Json): ParameterType => {
  const has = (...keys: string[]) => keys.some((key) => node[key] !== undefined)
  if (has('properties', 'additionalProperties', 'patternProperties')) return 'object'
  if (has('items', 'prefixItems', 'minItems')) return 'array'
  if (has('enum', 'const')) return commonType([...listAt(node, 'enum'), node['const']].flatMap(nameOfType)) // prettier-ignore
  if (has('format', 'pattern', 'minLength', 'maxLength', 'contentEncoding')) return 'string'
  return has('minimum', 'maximum', 'multipleOf') ? 'number' : 'any'
}

const nameOfType = (value: unknown): string[] => {
  if (value === undefined || value === null) return []
  return [Array.isArray(value) ? 'array' : typeof value]
}
