import { parameterOf } from './modernise-parameter.ts'
import { isObject, rename, respell, singleBraces, type Json } from './spelling.ts'

const ENCODING: Readonly<Record<string, string>> = {
  urlencoded: 'form', 'form-urlencoded': 'form', 'x-www-form-urlencoded': 'form',
  'application/x-www-form-urlencoded': 'form', 'form-data': 'multipart', formdata: 'multipart',
  'multipart/form-data': 'multipart', 'application/json': 'json', 'text/plain': 'text',
} // prettier-ignore

/** `__proto__` is a key of no record; the API knows it by its own name all the same. */
const PROTO = '__proto__'

/** A tool in present spelling, changed in place. */
export const moderniseTool = (tool: unknown): void => {
  if (!isObject(tool)) return
  if (typeof tool['method'] === 'string') tool['method'] = tool['method'].toUpperCase()
  rename(tool, 'path', 'endpoint')
  rename(tool, 'url', 'endpoint')
  rename(tool, 'baseUrl', 'baseURL')
  rename(tool, 'base_url', 'baseURL')
  rename(tool, 'params', 'parameters')
  rename(tool, 'inputSchema', 'parameters')
  rename(tool, 'input_schema', 'parameters')
  if ('encoding' in tool) tool['encoding'] = respell(tool['encoding'], ENCODING)
  if ('parameters' in tool) {
    const named = byName(tool['parameters'])
    if (isForm(named) && !('encoding' in tool)) tool['encoding'] = 'form'
    tool['parameters'] = parametersOf(named)
  }
  singleBraces(tool, 'baseURL')
  singleBraces(tool, 'endpoint')
  moderniseEndpoint(tool)
}

/** As Swagger 2.0 says it; with a file among them a form is multipart by itself. */
const isForm = (named: unknown): boolean => {
  const parameters = isObject(named) ? Object.values(named).filter(isObject) : []
  const hasFile = parameters.some(({ type }) => type === 'file')
  return !hasFile && parameters.some((one) => /^form(data)?$/i.test(String(one['in'])))
}

const parametersOf = (named: unknown): unknown =>
  isObject(named)
    ? Object.fromEntries(
        Object.entries(named).map(([name, given]) => {
          const parameter = parameterOf(given)
          return name === PROTO && isObject(parameter)
            ? ['proto', { name: PROTO, ...parameter }]
            : [name, parameter]
        }),
      )
    : named

/** Of a list with names, or of a JSON Schema: an object by name. */
const byName = (given: unknown): unknown => {
  if (!Array.isArray(given)) return fromSchema(given)
  return given.every((one) => isObject(one) && typeof one['name'] === 'string')
    ? Object.fromEntries(
        (given as Json[]).map(({ name, ...parameter }) => [String(name), parameter]),
      )
    : (given as unknown)
}

/** `{"type": "object", "properties": {…}, "required": […]}` */
const fromSchema = (given: unknown): unknown => {
  if (!isObject(given) || given['type'] !== 'object' || !isObject(given['properties'])) return given
  const required: unknown[] = Array.isArray(given['required']) ? given['required'] : []
  return Object.fromEntries(
    Object.entries(given['properties']).map(([name, property]) => [
      name,
      required.includes(name) ? { ...asObject(property), required: true } : property,
    ]),
  )
}

const asObject = (property: unknown): Json =>
  isObject(property) ? property : typeof property === 'string' ? { type: property } : {}

/** Below the base URL, or an address of its own; a segment `:id` is `{id}`. */
const moderniseEndpoint = (tool: Json): void => {
  const { endpoint } = tool
  if (typeof endpoint !== 'string') return
  const [, origin, rest = ''] = /^(https?:\/\/[^/?#]+)(.*)$/s.exec(endpoint) ?? []
  if (origin !== undefined && !('baseURL' in tool)) tool['baseURL'] = origin
  const below = origin === undefined ? endpoint : rest
  const slashed = below === '' || /^[/?]/.test(below) ? below : `/${below}`
  tool['endpoint'] = slashed
    .replaceAll(`{${PROTO}}`, '{proto}')
    .replace(/(?<=\/):([A-Za-z_]\w*)(?=[/?]|$)/g, '{$1}')
}
