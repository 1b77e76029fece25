/** Guarded looks into a document that nobody has checked: what has another type counts as absent. */
export type Json = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A key of its own: `constructor` is a word like any other. */
export const valueAt = (value: unknown, key: string): unknown =>
  isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined

export const objectAt = (value: unknown, key: string): Json => {
  const found = valueAt(value, key)
  return isObject(found) ? found : {}
}

export const listAt = (value: unknown, key: string): readonly unknown[] => {
  const found = valueAt(value, key)
  return Array.isArray(found) ? (found as unknown[]) : []
}

export const textAt = (value: unknown, key: string): string => {
  const found = valueAt(value, key)
  if (typeof found === 'number') return String(found)
  return typeof found === 'string' ? found : ''
}

export const textsAt = (value: unknown, key: string): string[] =>
  listAt(value, key).filter((item) => typeof item === 'string')
