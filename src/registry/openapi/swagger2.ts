import { isObject, textAt, textsAt, type Json } from './json.ts'
import type { RawOperation } from './operations.ts'
import type { SourceBody, SourceInputs, SourceParameter, Style, StyleName } from './source.ts'

const PLACES = ['path', 'query', 'header'] as const

/** Parameters and body of an operation as Swagger 2.0 says them: forms are parameters there. */
export const readInputs2 = (operation: RawOperation, root: Json): SourceInputs => ({
  parameters: operation.parameters.flatMap(readParameter),
  body: readBody(operation, root),
})

const readParameter = (node: Json): SourceParameter[] => {
  const place = PLACES.find((known) => known === textAt(node, 'in'))
  const name = textAt(node, 'name')
  if (!place || name === '') return []
  return [
    {
      name,
      in: place,
      required: place === 'path' || node['required'] === true,
      description: textAt(node, 'description'),
      schema: schemaOf(node),
      style: styleOf(node),
      prefix: '',
      reserved: node['x-multi-segment'] === true,
    },
  ]
}

/** The type stands in the parameter itself. */
const schemaOf = (node: Json): unknown => {
  if (isObject(node['schema'])) return node['schema']
  const { in: _in, name: _name, required: _required, collectionFormat: _format, ...schema } = node
  return schema
}

const COLLECTION: Readonly<Record<string, StyleName>> = {
  csv: 'comma', ssv: 'space', pipes: 'pipe', multi: 'repeat', tsv: 'unknown',
} // prettier-ignore

const styleOf = (node: Json): Style => ({
  array: COLLECTION[textAt(node, 'collectionFormat') || 'csv'] ?? 'comma',
  object: 'json',
})

const readBody = (operation: RawOperation, root: Json): SourceBody | undefined => {
  const own = textsAt(operation.node, 'consumes')
  const consumes = own.length > 0 ? own : textsAt(root, 'consumes')
  const body = operation.parameters.find((parameter) => textAt(parameter, 'in') === 'body')
  if (body) {
    const types = consumes.length > 0 ? consumes : ['application/json']
    return {
      required: typeof body['required'] === 'boolean' ? body['required'] : undefined,
      description: textAt(body, 'description'),
      media: types.map((type) => ({ type, schema: body['schema'], styles: new Map() })),
    }
  }
  const fields = operation.parameters.filter((parameter) => textAt(parameter, 'in') === 'formData')
  return fields.length > 0 ? formOf(fields, consumes) : undefined
}

const formOf = (fields: readonly Json[], consumes: readonly string[]): SourceBody => {
  const properties = fields.map((field) => [textAt(field, 'name'), schemaOf(field)] as const)
  const hasFile = fields.some((field) => textAt(field, 'type') === 'file')
  const isMultipart = hasFile || (consumes[0] ?? '').startsWith('multipart/')
  const type = isMultipart ? 'multipart/form-data' : 'application/x-www-form-urlencoded'
  const required = fields.filter((field) => field['required'] === true)
  const schema = {
    type: 'object',
    properties: Object.fromEntries(properties),
    required: required.map((field) => textAt(field, 'name')),
  }
  const styles = new Map(fields.map((field) => [textAt(field, 'name'), styleOf(field)]))
  return { required: required.length > 0, description: '', media: [{ type, schema, styles }] }
}
