import type { z } from 'zod'
import { suggestion } from '../model/nearest.ts'
import { serviceSchema, type ParsedConfig } from './schema.ts'

export type Problem = { path: string; message: string }
type Parsed = { config: ParsedConfig | undefined; problems: Problem[] }
type Container = Record<PropertyKey, unknown>

/** More rounds than a config has parts are never needed; the bound is for safety. */
const MAX_ROUNDS = 200

/**
 * Checks a config against the schema. What does not fit is named and taken out, nearest part first: an unknown key, a
 * wrong value (its default takes the place), a tool without an endpoint. So one slip never costs the whole service.
 * Without a usable name or port nothing can be served, and `config` is undefined.
 */
export const parseConfig = (raw: unknown): Parsed => {
  const draft: unknown = structuredClone(raw)
  const problems: Problem[] = []
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const result = serviceSchema.safeParse(draft)
    if (result.success) return { config: result.data, problems: unique(problems) }
    problems.push(...result.error.issues.flatMap(describe))
    if (!takeOut(result.error.issues.flatMap((issue) => partsToTakeOut(draft, issue)))) break
  }
  return { config: undefined, problems: unique(problems) }
}

const describe = (issue: z.core.$ZodIssue): Problem[] => {
  const path = issue.path.join('.')
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }]
  const known = knownKeys(issue.path)
  return issue.keys.map((key) => ({
    path: [path, key].filter(Boolean).join('.'),
    message: `unknown key "${key}"${suggestion(key, known)}`,
  }))
}

/** The keys that the schema knows at a path; walks through arrays, records and defaults. */
const knownKeys = (path: readonly PropertyKey[]): string[] => {
  let schema: unknown = serviceSchema
  for (const step of path) schema = child(unwrap(schema), step)
  const inner = unwrap(schema)
  return hasShape(inner) ? Object.keys(inner.shape) : []
}

type Wrapped = { def?: { innerType?: unknown; element?: unknown; valueType?: unknown } }
const hasShape = (schema: unknown): schema is { shape: Record<string, unknown> } =>
  typeof schema === 'object' && schema !== null && 'shape' in schema

const unwrap = (schema: unknown): unknown => {
  const inner = (schema as Wrapped | undefined)?.def?.innerType
  return inner === undefined ? schema : unwrap(inner)
}

const child = (schema: unknown, step: PropertyKey): unknown => {
  if (hasShape(schema)) return schema.shape[String(step)]
  const def = (schema as Wrapped | undefined)?.def
  return def?.element ?? def?.valueType
}

/** A key of an object, or an index of an array. */
type Part = { parent: Container; key: PropertyKey }

/** What an issue complains of; nothing when that would be the config itself. */
const partsToTakeOut = (draft: unknown, issue: z.core.$ZodIssue): Part[] => {
  if (issue.code === 'unrecognized_keys') {
    const parent = at(draft, issue.path)
    return parent ? issue.keys.map((key) => ({ parent, key })) : []
  }
  for (let depth = issue.path.length; depth > 0; depth--) {
    const parent = at(draft, issue.path.slice(0, depth - 1))
    const key = issue.path[depth - 1]
    // name and port have no default, and there is nothing above them to take out
    if (parent === draft && (key === 'name' || key === 'port')) return []
    if (parent !== undefined && key !== undefined && Object.hasOwn(parent, key))
      return [{ parent, key }]
  }
  return []
}

const at = (value: unknown, path: readonly PropertyKey[]): Container | undefined => {
  const found = path.reduce<unknown>(
    (current, step) => (current as Container | undefined)?.[step],
    value,
  )
  return typeof found === 'object' && found !== null ? (found as Container) : undefined
}

/**
 * Keys go first, and elements of arrays only in a round without keys, last element first: what is still to be taken out
 * or named keeps its index.
 * @returns false when there was nothing to take out
 */
const takeOut = (parts: readonly Part[]): boolean => {
  const keys = parts.filter(({ parent }) => !Array.isArray(parent))
  for (const { parent, key } of keys) Reflect.deleteProperty(parent, key)
  if (keys.length > 0) return true
  for (const array of new Set(parts.map(({ parent }) => parent))) {
    const indexes = parts.filter(({ parent }) => parent === array).map(({ key }) => Number(key))
    for (const index of [...new Set(indexes)].sort((a, b) => b - a))
      if (Array.isArray(array)) array.splice(index, 1)
  }
  return parts.length > 0
}

const unique = (problems: Problem[]): Problem[] => [
  ...new Map(problems.map((problem) => [`${problem.path} ${problem.message}`, problem])).values(),
]
