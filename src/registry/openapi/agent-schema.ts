import { shorten } from './descriptions.ts'
import { isObject, type Json } from './json.ts'
import type { Schemas, Shape } from './schemas.ts'

/** What of a schema helps an agent to write a value, by the type that its own value must have. */
const KEYWORDS: Readonly<Record<string, 'number' | 'string' | 'boolean'>> = {
  format: 'string', minimum: 'number', maximum: 'number', exclusiveMinimum: 'number', exclusiveMaximum: 'number',
  multipleOf: 'number', minLength: 'number', maxLength: 'number', minItems: 'number', maxItems: 'number',
  uniqueItems: 'boolean',
} // prettier-ignore

const MAX_DEPTH = 5
const MAX_ALTERNATIVES = 6
/** Longer lists cost an agent more than they help. */
const MAX_ENUM = 100
const DESCRIPTION = 160

/** How many schemas one tool may show; what comes later is shown by its type alone. */
export type Budget = { left: number }

/** @returns a self-contained JSON Schema of bounded size: no references, nothing read-only */
export const createAgentSchema = ({ shapeOf }: Schemas) => {
  const write = (schema: unknown, budget: Budget, depth = 0): Json => {
    const shape = shapeOf(schema)
    budget.left--
    return {
      ...(shape.type === 'any' ? {} : { type: shape.type === 'file' ? 'string' : shape.type }),
      ...described(shape.keywords),
      ...fittingEnum(shape),
      ...(budget.left > 0 && depth < MAX_DEPTH ? inner(shape, budget, depth) : {}),
    }
  }

  const inner = (shape: Shape, budget: Budget, depth: number): Json => {
    const next = (schema: unknown) => write(schema, budget, depth + 1)
    const { additionalProperties, items } = shape.keywords
    if (shape.type === 'any' && shape.alternatives.length > 0)
      return { anyOf: shape.alternatives.slice(0, MAX_ALTERNATIVES).map(next) }
    if (shape.type === 'array') return { items: next(items) }
    if (shape.type !== 'object') return {}
    const properties = [...writable(shape, shapeOf)].slice(0, Math.max(budget.left, 1))
    const shown = new Set(properties.map(([name]) => name))
    const required = [...shape.required].filter((name) => shown.has(name))
    return {
      ...(properties.length > 0
        ? { properties: Object.fromEntries(properties.map(([name, p]) => [name, next(p)])) }
        : {}),
      ...(required.length > 0 ? { required } : {}),
      ...(isObject(additionalProperties)
        ? { additionalProperties: next(additionalProperties) }
        : {}),
    }
  }

  /** What the config says about a parameter beyond its type, description and enum. */
  return (schema: unknown, budget: Budget): Json | undefined => {
    const { type: _type, description: _description, enum: _enum, ...more } = write(schema, budget)
    const { default: stated } = shapeOf(schema).keywords
    const isPlain = ['string', 'number', 'boolean'].includes(typeof stated)
    const all = { ...more, ...(isPlain ? { default: stated } : {}) }
    return Object.keys(all).length > 0 ? all : undefined
  }
}

/** Properties that a request may carry. */
export const writable = (
  shape: Shape,
  shapeOf: Schemas['shapeOf'],
): [name: string, schema: unknown][] =>
  [...shape.properties].filter(
    ([name, schema]) => name !== '__proto__' && shapeOf(schema).keywords['readOnly'] !== true,
  )

const described = (keywords: Json): Json => {
  const { description } = keywords
  return {
    ...(typeof description === 'string' && description.trim()
      ? { description: shorten(description, DESCRIPTION) }
      : {}),
    ...Object.fromEntries(
      Object.entries(KEYWORDS).flatMap(([key, type]) =>
        typeof keywords[key] === type ? [[key, keywords[key]]] : [],
      ),
    ),
  }
}

/** The values that fit the type, respelt where a document wrote `"1"` for 1; nothing when one does not fit. */
export const fittingEnum = ({ type, keywords }: Shape): { enum?: unknown[] } => {
  const stated = Array.isArray(keywords['enum']) ? (keywords['enum'] as unknown[]) : []
  const given = 'const' in keywords ? [keywords['const']] : stated
  const values = [...new Set(given.filter((value) => value !== null).map((v) => asType(v, type)))]
  const fits = values.every((value) => value !== undefined) && !['array', 'object', 'file'].includes(type) // prettier-ignore
  return fits && values.length > 0 && values.length <= MAX_ENUM ? { enum: values } : {}
}

/** A scalar in the spelling of a type; undefined when it cannot be. */
export const asType = (value: unknown, type: Shape['type']): unknown => {
  switch (type) {
    case 'any':
      return value
    case 'string':
      return isScalar(value) ? String(value) : undefined
    case 'boolean':
      return BOOLEANS.get(value)
    case 'number':
      return asNumber(value)
    case 'integer':
      return Number.isInteger(asNumber(value)) ? asNumber(value) : undefined
    default:
      return undefined
  }
}

const asNumber = (value: unknown): number | undefined => {
  const number = value === '' || !isScalar(value) ? Number.NaN : Number(value)
  return Number.isNaN(number) ? undefined : number
}

const BOOLEANS = new Map<unknown, boolean>([[true, true], [false, false], ['true', true], ['false', false]]) // prettier-ignore

const isScalar = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value)
