import { isObject, objectAt, type Json } from './json.ts'

export type References = {
  /** The thing itself, or what its `$ref`s lead to; undefined when they lead nowhere. */
  resolve: (node: unknown) => unknown
}

/** A chain of references longer than this is a circle, or made to hurt. */
const MAX_HOPS = 50

/**
 * Follows `$ref`s within a document: JSON pointers (RFC 6901) in a URI fragment, also through other references on the way.
 * Keys beside a `$ref` are laid over its target, as OpenAPI 3.1 has it. Whatever lies in another file comes from `others`,
 * where it was loaded before; without that it stays closed.
 */
export const createReferences = (
  root: Json,
  others: ReadonlyMap<string, unknown> = new Map(),
): References => {
  const known = new WeakMap<object, { value: unknown }>()

  const resolve = (node: unknown, hops = 0): unknown => {
    const reference = referenceOf(node)
    if (reference === undefined || !isObject(node)) return node
    const before = known.get(node)
    if (before) return before.value
    const value = layOver(follow(reference, hops), node)
    known.set(node, { value })
    return value
  }

  const follow = (reference: string, hops: number): unknown => {
    if (hops > MAX_HOPS) return undefined
    const [file = '', pointer = ''] = reference.split('#', 2)
    const start = file === '' ? root : (others.get(file) ?? byBareName(root, file))
    const steps = pointer.split('/').slice(1).map(unescape)
    return steps.reduce<unknown>(
      (found, step) => resolve(child(found, step), hops + 1),
      resolve(start, hops + 1),
    )
  }

  return { resolve: (node) => resolve(node) }
}

const referenceOf = (node: unknown): string | undefined =>
  isObject(node) && typeof node['$ref'] === 'string' ? node['$ref'] : undefined

/** Swagger 1 wrote `"$ref": "Pet"`, and some documents kept it. */
const byBareName = (root: Json, name: string): unknown =>
  objectAt(root, 'definitions')[name] ?? objectAt(objectAt(root, 'components'), 'schemas')[name]

const unescape = (step: string): string => {
  const plain = step.replaceAll('~1', '/').replaceAll('~0', '~')
  try {
    return decodeURIComponent(plain)
  } catch {
    return plain
  }
}

const child = (value: unknown, step: string): unknown => {
  if (Array.isArray(value)) return (value as unknown[])[Number(step)]
  return isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined
}

const layOver = (target: unknown, node: Json): unknown => {
  const { $ref: _reference, ...beside } = node
  if (!isObject(target) || Object.keys(beside).length === 0) return target
  const properties = { ...objectAt(target, 'properties'), ...objectAt(beside, 'properties') }
  return {
    ...target,
    ...beside,
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
  }
}
