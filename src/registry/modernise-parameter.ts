import { isObject, respell, type Json } from './spelling.ts'

const PARAMETER_TYPE: Readonly<Record<string, string>> = {
  str: 'string', text: 'string', date: 'string', datetime: 'string', 'date-time': 'string', time: 'string', uuid: 'string',
  email: 'string', url: 'string', uri: 'string', id: 'string', enum: 'string', password: 'string',
  int: 'integer', int32: 'integer', int64: 'integer', long: 'integer', float: 'number', double: 'number', decimal: 'number',
  bool: 'boolean', list: 'array', json: 'object', dict: 'object', map: 'object', record: 'object', binary: 'file',
  mixed: 'any', '*': 'any',
} // prettier-ignore

const PLACE: Readonly<Record<string, string>> = {
  querystring: 'query', url: 'query', uri: 'path', headers: 'header', cookies: 'cookie', json: 'body', form: 'body', formdata: 'body',
} // prettier-ignore

/** What JSON Schema says beside the type: it belongs into `schema`. */
const KEYWORDS = new Set([
  'format', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minLength', 'maxLength', 'pattern',
  'minItems', 'maxItems', 'uniqueItems', 'properties', 'additionalProperties', 'minProperties', 'maxProperties', 'oneOf', 'anyOf',
  'allOf', 'title', 'examples', 'deprecated',
]) // prettier-ignore

/** A parameter in present spelling; a mere type stands for one. */
export const parameterOf = (given: unknown): unknown => {
  const raw = typeof given === 'string' ? { type: given } : given
  if (!isObject(raw)) return raw
  const {
    nullable: _nullable,
    example: _example,
    ...stated
  } = Object.fromEntries(Object.entries(raw).filter(([key]) => !KEYWORDS.has(key)))
  const typed = { ...stated, ...typeOf(stated['type']), ...requiredOf(stated['required']) }
  const schema = schemaOf(raw, typed)
  return {
    ...typed,
    ...('in' in stated ? { in: respell(stated['in'], PLACE) } : {}),
    ...(isObject(stated['items']) ? { items: { type: itemType(stated['items']) } } : {}),
    ...(Object.keys(schema).length > 0 ? { schema } : {}),
  }
}

/** What it says beyond the format; what stands in `schema` already goes before. */
const schemaOf = (raw: Json, typed: Json): Json => {
  const { example, items, required, schema } = raw
  return {
    ...Object.fromEntries(Object.entries(raw).filter(([key]) => KEYWORDS.has(key))),
    ...('example' in raw ? { examples: [example] } : {}),
    ...itemsOf(items),
    ...(Array.isArray(required) ? { required } : {}),
    ...nullableType(typed, raw),
    ...(isObject(schema) ? schema : {}),
  }
}

const nullableType = ({ type = 'string' }: Json, raw: Json): Json =>
  isNullable(raw) && type !== 'any' && type !== 'file' ? { type: [type, 'null'] } : {}

const isNullable = ({ nullable, type }: Json): boolean =>
  nullable === true || (Array.isArray(type) && type.includes('null'))

/** `string[]` and `array<string>` are lists; of several types text stands for all scalars. */
const typeOf = (given: unknown): Json => {
  if (Array.isArray(given)) return { type: commonType(given.map(plainType)) }
  if (typeof given !== 'string') return {}
  const item = /^(?:(?:array|list)[<[](\w+)[>\]]|(\w+)\[\])$/i.exec(given.trim())
  const name = item?.[1] ?? item?.[2]
  return name === undefined
    ? { type: plainType(given) }
    : { type: 'array', items: { type: plainType(name) } }
}

const commonType = (given: readonly unknown[]): unknown => {
  const types = [...new Set(given.filter((type) => type !== 'null'))]
  if (types.length === 1) return types[0]
  return types.includes('string') && !types.some((type) => type === 'array' || type === 'object')
    ? 'string'
    : 'any'
}

const plainType = (type: unknown): unknown => respell(type, PARAMETER_TYPE)

const requiredOf = (given: unknown): Json => {
  if (given === 'true' || given === 'false') return { required: given === 'true' }
  return Array.isArray(given) ? { required: false } : {}
}

const itemType = ({ type }: Json): unknown => (type === undefined ? 'any' : typeOf(type)['type'])

/** The items' own schema, where it says more than a type. */
const itemsOf = (items: unknown): Json =>
  isObject(items) && Object.keys(items).some((key) => key !== 'type') ? { items } : {}
