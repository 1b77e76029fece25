import { isObject, objectAt, textAt, valueAt, type Json } from './json.ts'
import type { RawOperation } from './operations.ts'
import type { References } from './references.ts'
import type { SourceBody, SourceInputs, SourceParameter, Style, StyleName } from './source.ts'

const PLACES = ['path', 'query', 'header', 'cookie'] as const

/** Parameters and body of an operation as OpenAPI 3 says them. */
export const readInputs3 = (operation: RawOperation, { resolve }: References): SourceInputs => ({
  parameters: operation.parameters.flatMap((parameter) => readParameter(parameter, resolve)),
  body: readBody(resolve(operation.node['requestBody']), resolve),
})

const readParameter = (node: Json, resolve: References['resolve']): SourceParameter[] => {
  const place = PLACES.find((known) => known === textAt(node, 'in'))
  const name = textAt(node, 'name')
  if (!place || name === '') return []
  const [content] = Object.entries(objectAt(node, 'content'))
  const schema = content ? valueAt(resolve(content[1]), 'schema') : node['schema']
  return [
    {
      name,
      in: place,
      required: place === 'path' || node['required'] === true,
      description: textAt(node, 'description'),
      schema: schema ?? inlineSchema(node),
      style: content ? { array: 'json', object: 'json' } : styleOf(place, node),
      prefix: place === 'path' ? prefixOf(node, name) : '',
      reserved: node['allowReserved'] === true || node['x-multi-segment'] === true,
    },
  ]
}

/** Some documents of version 3 still write the type as version 2 did. */
const inlineSchema = (node: Json): Json => {
  const { in: _in, name: _name, required: _required, style: _style, ...schema } = node
  return schema
}

const styleOf = (place: SourceParameter['in'], node: Json): Style => {
  const style =
    textAt(node, 'style') || (place === 'query' || place === 'cookie' ? 'form' : 'simple')
  const stated = node['explode']
  const explode = typeof stated === 'boolean' ? stated : style === 'form'
  if (place === 'path') return pathStyle(style, explode)
  if (place === 'header') return { array: 'comma', object: explode ? 'unknown' : 'comma' }
  return queryStyle(style, explode)
}

const pathStyle = (style: string, explode: boolean): Style => {
  const array: StyleName = style !== 'simple' && explode ? 'unknown' : 'comma'
  return { array, object: explode ? 'unknown' : 'comma' }
}

/** Table "style values" of OpenAPI 3; an array said to be a deep object is written with brackets (Stripe). */
const queryStyle = (style: string, explode: boolean): Style => {
  const bySeparator = (name: StyleName): Style => {
    const chosen = explode ? 'repeat' : name
    return { array: chosen, object: chosen }
  }
  switch (style) {
    case 'spaceDelimited':
      return bySeparator('space')
    case 'pipeDelimited':
      return bySeparator('pipe')
    case 'deepObject':
      return { array: 'brackets', object: 'deepObject' }
    default:
      return bySeparator('comma')
  }
}

const prefixOf = (node: Json, name: string): string => {
  const style = textAt(node, 'style')
  if (style === 'label') return '.'
  return style === 'matrix' ? `;${name}=` : ''
}

const readBody = (body: unknown, resolve: References['resolve']): SourceBody | undefined => {
  if (!isObject(body)) return undefined
  const required = body['required']
  const media = Object.entries(objectAt(body, 'content')).map(([type, raw]) => {
    const node = resolve(raw)
    const encoding = Object.entries(objectAt(node, 'encoding'))
    return {
      type,
      schema: valueAt(node, 'schema'),
      styles: new Map(encoding.map(([name, stated]) => [name, encodingStyle(stated)])),
    }
  })
  return {
    required: typeof required === 'boolean' ? required : undefined,
    description: textAt(body, 'description'),
    media,
  }
}

/** Without a style, a property of a form that is an object is JSON text. */
const encodingStyle = (encoding: unknown): Style =>
  isObject(encoding) && ('style' in encoding || 'explode' in encoding)
    ? styleOf('query', encoding)
    : { array: /json/i.test(textAt(encoding, 'contentType')) ? 'json' : 'repeat', object: 'json' }
