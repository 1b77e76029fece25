import { isObject, rename, respell, singleBraces, type Json } from './spelling.ts'

const PARAMETER_TYPE: Readonly<Record<string, string>> = {
  int: 'integer',
  float: 'number',
  bool: 'boolean',
  list: 'array',
  json: 'object',
}

/** A tool in present spelling, changed in place. */
export const moderniseTool = (tool: unknown): void => {
  if (!isObject(tool)) return
  if (typeof tool['method'] === 'string') tool['method'] = tool['method'].toUpperCase()
  rename(tool, 'path', 'endpoint')
  rename(tool, 'baseUrl', 'baseURL')
  rename(tool, 'base_url', 'baseURL')
  rename(tool, 'params', 'parameters')
  if ('parameters' in tool) tool['parameters'] = parametersOf(tool['parameters'])
  singleBraces(tool, 'baseURL')
  singleBraces(tool, 'endpoint')
  moderniseEndpoint(tool)
}

/** Of a list with names, or of a JSON Schema: an object by name. A mere type stands for a parameter. */
const parametersOf = (given: unknown): unknown => {
  const named = Array.isArray(given) ? byName(given) : fromSchema(given)
  if (!isObject(named)) return named
  return Object.fromEntries(
    Object.entries(named).map(([name, value]) => [name, parameterOf(value)]),
  )
}

const parameterOf = (given: unknown): unknown => {
  const parameter = typeof given === 'string' ? { type: given } : given
  if (!isObject(parameter) || !('type' in parameter)) return parameter
  return { ...parameter, type: respell(parameter['type'], PARAMETER_TYPE) }
}

const byName = (list: readonly unknown[]): unknown =>
  list.every((one) => isObject(one) && typeof one['name'] === 'string')
    ? Object.fromEntries(
        (list as Json[]).map(({ name, ...parameter }) => [String(name), parameter]),
      )
    : list

/** `{"type": "object", "properties": {…}, "required": […]}` */
const fromSchema = (given: unknown): unknown => {
  if (!isObject(given) || given['type'] !== 'object' || !isObject(given['properties'])) return given
  const required: unknown[] = Array.isArray(given['required']) ? given['required'] : []
  return Object.fromEntries(
    Object.entries(given['properties']).map(([name, property]) => [
      name,
      isObject(property) && required.includes(name) ? { ...property, required: true } : property,
    ]),
  )
}

/** Below the base URL, or an address of its own; `/:id` is `/{id}` where the tool has that parameter. */
const moderniseEndpoint = (tool: Json): void => {
  const { endpoint, parameters } = tool
  if (typeof endpoint !== 'string') return
  const [, origin, rest = ''] = /^(https?:\/\/[^/?#]+)(.*)$/s.exec(endpoint) ?? []
  if (origin !== undefined && !('baseURL' in tool)) tool['baseURL'] = origin
  const below = origin === undefined ? endpoint : rest
  const slashed = below === '' || /^[/?]/.test(below) ? below : `/${below}`
  const isDeclared = (name: string) => isObject(parameters) && Object.hasOwn(parameters, name)
  tool['endpoint'] = slashed.replace(/(?<=\/):([A-Za-z_]\w*)(?=[/?]|$)/g, (text, name: string) =>
    isDeclared(name) ? `{${name}}` : text,
  )
}
