import { AppError } from '../../base/errors.ts'
import type { Tool } from '../../model/service.ts'
import type { Arguments } from './arguments.ts'
import { planOf, type ToolPlan } from './tool-plan.ts'
import { encodeStrictly, encodingIn, writeOne, writePairs } from './written.ts'

/**
 * The address of a call: the endpoint below the base, its parameters filled in, then the query.
 * @throws AppError `invalid_request` when an argument does not fit into the path
 */
export const targetUrl = (base: URL, tool: Tool, args: Arguments): URL => {
  const plan = planOf(tool)
  const filled = plan.inPath.reduce(
    (text, name) => text.replaceAll(`{${name}}`, () => pathPart(tool, name, args[name])),
    plan.path,
  )
  refuseDotSegments(filled)
  const pairs = [base.search.slice(1), ...ownPairs(plan, args), ...parameterPairs(plan, args)]
  const search = pairs.filter(Boolean).join('&')
  return new URL(`${base.origin}${below(base.pathname, filled)}${search && `?${search}`}`)
}

const below = (basePath: string, path: string): string =>
  path !== '' && basePath.endsWith('/') ? `${basePath.slice(0, -1)}${path}` : `${basePath}${path}`

/** An empty one would turn "delete this item" into "delete the collection". */
const pathPart = (tool: Tool, name: string, value: unknown): string => {
  const parameter = Object.hasOwn(tool.parameters, name) ? tool.parameters[name] : undefined
  if (value === undefined)
    throw new AppError(
      'credentials_invalid',
      `"${name}" is missing: enter it with the credentials.`,
    )
  const part = writeOne(value, parameter?.style, encodingIn('path', parameter))
  if (part === '') throw new AppError('invalid_request', `"${name}" must not be empty.`)
  return part
}

/** `/search?q={term}&page=1`: a pair goes when its parameter has no value. */
const ownPairs = ({ ownQuery, inOwnQuery }: ToolPlan, args: Arguments): readonly string[] => {
  if (inOwnQuery.length === 0) return ownQuery
  const isIn = (pair: string, name: string) => pair.includes(`{${name}}`)
  return ownQuery
    .filter((pair) => inOwnQuery.every((name) => !isIn(pair, name) || args[name] !== undefined))
    .map((pair) =>
      inOwnQuery
        .filter((name) => isIn(pair, name))
        .reduce(
          (text, name) =>
            text.replaceAll(`{${name}}`, () => writeOne(args[name], undefined, encodeStrictly)),
          pair,
        ),
    )
}

const parameterPairs = ({ query }: ToolPlan, args: Arguments): string[] =>
  query
    .filter(({ name }) => args[name] !== undefined)
    .flatMap(({ name, wire, parameter }) =>
      writePairs(wire, args[name], {
        style: parameter.style,
        encode: encodingIn('query', parameter),
      }),
    )
    .map(([key, value]) => `${key}=${value}`)

const DOT_SEGMENT = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i

/** A dot segment climbs the path also when it is encoded: the URL's own parser and servers resolve `%2E` too. */
const refuseDotSegments = (path: string): void => {
  if (DOT_SEGMENT.test(path))
    throw new AppError('invalid_request', `An argument may not be "." or ".." in ${path}.`)
}
