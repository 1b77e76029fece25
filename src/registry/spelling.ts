export type Json = Record<string, unknown>

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** In lower case, and in the present word where that is another. */
export const respell = (value: unknown, spellings: Readonly<Record<string, string>>): unknown => {
  if (typeof value !== 'string') return value
  const lower = value.toLowerCase()
  return Object.hasOwn(spellings, lower) ? spellings[lower] : lower
}

/** Where both are there, the present one counts. */
export const rename = (object: Json, from: string, to: string): void => {
  if (!(from in object)) return
  if (!(to in object)) object[to] = object[from]
  Reflect.deleteProperty(object, from)
}

/** Of objects by name a list of objects that have their name. */
export const listOfNamed = (given: unknown): unknown =>
  isObject(given)
    ? Object.entries(given).map(([name, one]) => (isObject(one) ? { name, ...one } : one))
    : given

/** In an address `{{name}}` means `{name}`. */
export const singleBraces = (object: Json, key: string): void => {
  const text = object[key]
  if (typeof text === 'string') object[key] = text.replace(/\{\{\s*([\w.$-]+)\s*\}\}/g, '{$1}')
}
