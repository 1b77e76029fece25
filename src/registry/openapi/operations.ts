import { isObject, listAt, objectAt, textAt, textsAt, valueAt, type Json } from './json.ts'
import type { References } from './references.ts'

/** One operation, before its parameters and body are read in the words of its version. */
export type RawOperation = {
  path: string
  /** Upper case. */
  method: string
  /** Its own keys. */
  node: Json
  /** Resolved; its own and those of its path, one per place and name. */
  parameters: readonly Json[]
  /** Its own or those of its path. */
  servers: readonly unknown[]
  tags: readonly string[]
  deprecated: boolean
  /** References of parameters that lead nowhere: what they say is not known. */
  lost: readonly string[]
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'query']

/** Every operation in the order of the document. */
export const listOperations = (root: Json, { resolve }: References): RawOperation[] =>
  Object.entries(objectAt(root, 'paths')).flatMap(([path, rawItem]) => {
    const item = resolve(rawItem)
    if (!isObject(item) || path.startsWith('x-')) return []
    return METHODS.flatMap((method) => {
      const node = resolve(item[method])
      return isObject(node) ? [readOperation({ path, method, node, item }, resolve)] : []
    })
  })

type Place = { path: string; method: string; node: Json; item: Json }

const readOperation = (
  { path, method, node, item }: Place,
  resolve: References['resolve'],
): RawOperation => {
  const lost: string[] = []
  const parameters = new Map<string, Json>()
  for (const raw of [...listAt(item, 'parameters'), ...listAt(node, 'parameters')]) {
    const parameter = resolve(raw)
    if (!isObject(parameter)) lost.push(textAt(raw, '$ref'))
    else parameters.set(`${textAt(parameter, 'in')} ${textAt(parameter, 'name')}`, parameter)
  }
  const own = listAt(node, 'servers')
  return {
    path,
    method: method.toUpperCase(),
    node,
    parameters: [...parameters.values()],
    servers: own.length > 0 ? own : listAt(item, 'servers'),
    tags: textsAt(node, 'tags'),
    deprecated: valueAt(node, 'deprecated') === true,
    lost,
  }
}
