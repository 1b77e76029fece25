import type { Parameter, Tool } from '../../model/service.ts'
import { isFileText } from './file-content.ts'
import { planOf } from './tool-plan.ts'

export type Arguments = Readonly<Record<string, unknown>>
export type CheckedArguments = { ok: true; args: Arguments } | { ok: false; problems: string[] }

/**
 * Checks what an agent sent against the tool's parameters and fills in defaults. Null counts as absent, since agents send it
 * for what they leave out, unless the parameter's schema names it.
 */
export const checkArguments = (tool: Tool, given: Arguments): CheckedArguments => {
  const problems: string[] = []
  const args = namedAsTheApiDoes(tool, given, problems)
  for (const { name, shown, parameter } of planOf(tool).parameters) {
    if (args[name] === null) continue
    const value = asTyped(parameter, args[name] ?? defaultOf(parameter))
    if (value !== undefined) args[name] = value
    const problem = wrongWith(parameter, value)
    if (problem) problems.push(`"${shown}" ${problem}`)
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, args }
}

const namedAsTheApiDoes = (
  tool: Tool,
  given: Arguments,
  problems: string[],
): Record<string, unknown> => {
  const { spellings } = planOf(tool)
  // A parameter may be called like a property of every object.
  const args = Object.create(null) as Record<string, unknown>
  for (const [key, value] of Object.entries(given)) {
    const name = spellings.get(key)
    if (name === undefined) problems.push(`"${key}" is not a parameter; it takes ${listOf(tool)}`)
    else if (value !== undefined && (value !== null || takesNull(tool.parameters[name])))
      args[name] = value
  }
  return args
}

const defaultOf = (parameter: Parameter): unknown => parameter.default ?? undefined

const takesNull = (parameter: Parameter | undefined): boolean => {
  const types = parameter?.schema?.['type']
  return Array.isArray(types) && types.includes('null')
}

const listOf = (tool: Tool): string =>
  planOf(tool)
    .parameters.map(({ shown }) => shown)
    .join(', ') || 'no parameters'

const isScalar = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value)

/** Agents write numbers where APIs want text (ids, say). */
const asTyped = ({ type, items }: Parameter, value: unknown): unknown => {
  if (type === 'string') return isExactScalar(value) ? String(value) : value
  if (type !== 'array' || items?.type !== 'string' || !Array.isArray(value)) return value
  return value.map((item: unknown) => (isExactScalar(item) ? String(item) : item))
}

const isExactScalar = (value: unknown): boolean => isScalar(value) && !isInexact(value)

/** JSON's numbers have 53 bits here: the last digits of a longer id are lost already. */
const isInexact = (value: unknown): boolean =>
  Number.isInteger(value) && !Number.isSafeInteger(value)

const TYPE_CHECKS: Readonly<Record<Parameter['type'], (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  file: (value) => typeof value === 'string' && isFileText(value),
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  integer: (value) => Number.isInteger(value) || isLongInteger(value),
  boolean: (value) => typeof value === 'boolean',
  array: (value) => Array.isArray(value),
  object: (value) => typeof value === 'object' && !Array.isArray(value),
  any: () => true,
}

/** One that only text can say exactly. */
const isLongInteger = (value: unknown): boolean =>
  typeof value === 'string' && /^-?\d{16,20}$/.test(value)

const wrongWith = (parameter: Parameter, value: unknown): string | undefined => {
  const { type, enum: values } = parameter
  if (value === undefined) return parameter.required ? 'is required' : undefined
  if (type !== 'number' && isInexact(value))
    return 'has more digits than a number of JSON can keep; send it as text'
  if (!TYPE_CHECKS[type](value))
    return type === 'file' ? 'must be base64 or a data: URL of it' : `must be of type ${type}`
  if (
    values &&
    !values.some((one) => one === value || (type === 'string' && String(one) === value))
  )
    return `must be one of ${values.map((item) => JSON.stringify(item)).join(', ')}`
  return wrongItem(parameter, value)
}

const wrongItem = ({ type, items }: Parameter, value: unknown): string | undefined => {
  const wanted = items?.type
  if (type !== 'array' || !isType(wanted) || !Array.isArray(value)) return undefined
  const fits = value.every((item) => item === null || TYPE_CHECKS[wanted](item))
  return fits ? undefined : `must be an array of items of type ${wanted}`
}

const isType = (type: string | undefined): type is Parameter['type'] =>
  type !== undefined && Object.hasOwn(TYPE_CHECKS, type)
