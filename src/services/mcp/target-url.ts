import { AppError } from '../../base/errors.ts'
import { placeOf, wireName, type Tool } from '../../model/service.ts'
import type { Arguments } from './arguments.ts'
import { encodingIn, writeOne, writePairs } from './written.ts'

/**
 * The address of a call: the endpoint below the base, its parameters filled in, then the query.
 * @throws AppError `invalid_request` when an argument does not fit into the path
 */
export const targetUrl = (base: URL, tool: Tool, args: Arguments): URL => {
  const [path = '', constantQuery = ''] = tool.endpoint.split('?')
  const filled = Object.keys(tool.parameters).reduce(
    (text, name) => text.replaceAll(`{${name}}`, () => pathPart(tool, name, args[name])),
    path,
  )
  refuseDotSegments(filled)
  const url = new URL(base)
  url.pathname = `${base.pathname.replace(/\/$/, '')}${filled}`
  const query = Object.entries(tool.parameters)
    .filter(([name]) => placeOf(tool, name) === 'query' && args[name] !== undefined)
    .flatMap(([name, parameter]) =>
      writePairs(wireName(tool, name), args[name], {
        style: parameter.style,
        encode: encodingIn('query', parameter),
      }),
    )
    .map((pair) => pair.join('='))
  url.search = [base.search.slice(1), constantQuery, ...query].filter(Boolean).join('&')
  return url
}

/** An empty one would turn "delete this item" into "delete the collection". */
const pathPart = (tool: Tool, name: string, value: unknown): string => {
  if (value === undefined) return ''
  const parameter = tool.parameters[name]
  const part = writeOne(value, parameter?.style, encodingIn('path', parameter))
  if (part === '') throw new AppError('invalid_request', `"${name}" must not be empty.`)
  return part
}

/** A dot segment climbs the path also when it is encoded: the URL's own parser and servers resolve `%2E` too. */
const refuseDotSegments = (path: string): void => {
  if (path.split('/').some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment)))
    throw new AppError('invalid_request', `An argument may not be "." or ".." in ${path}.`)
}
