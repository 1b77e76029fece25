import { writable } from './agent-schema.ts'
import { textAt } from './json.ts'
import { chooseMedia, contentTypeHeader, isBinary, type ChosenMedia } from './media.ts'
import type { Wanted } from './parameters.ts'
import type { Schemas, Shape } from './schemas.ts'
import type { SourceBody, Style } from './source.ts'

export type BodyPlan =
  | { kind: 'none' }
  | { kind: 'impossible'; reason: string }
  /** Every parameter is a property of the body. */
  | { kind: 'flat'; parameters: Wanted[]; encoding: Encoding; contentType: string | undefined }
  /** One parameter is the body. */
  | { kind: 'whole'; parameter: Wanted; encoding: Encoding; contentType: string | undefined }

type Encoding = 'json' | 'form' | 'multipart' | 'text' | undefined

/** In a form; without words of the document, an array repeats its name and an object is JSON text. */
const FORM_STYLE: Style = { array: 'repeat', object: 'json' }

const NO_BODY: BodyPlan = { kind: 'none' }

/** How the parameters of a tool make its body. */
export const planBody = (body: SourceBody | undefined, schemas: Schemas): BodyPlan => {
  if (!body || body.media.length === 0) return NO_BODY
  const chosen = chooseMedia(body, schemas.shapeOf)
  if (!chosen) {
    const types = body.media.map(({ type }) => type).slice(0, 3)
    return { kind: 'impossible', reason: `takes a body of ${types.join(', ')} only` }
  }
  const shape = schemas.shapeOf(chosen.media.schema)
  const contentType = contentTypeHeader(chosen)
  const encoding = encodingOf(chosen)
  if (chosen.kind === 'multipart' && isBinary(shape))
    return { kind: 'flat', parameters: [onlyFile(body, chosen)], encoding, contentType }
  if (isEmpty(shape)) return NO_BODY
  if (!hasFields(chosen, shape))
    return { kind: 'whole', parameter: wholeBody(body, chosen, shape), encoding, contentType }
  const parameters = fields(body, { chosen, shape }, schemas)
  return parameters.length === 0 ? NO_BODY : { kind: 'flat', parameters, encoding, contentType }
}

/** An object that may have nothing in it: generators write it for "no body". */
const isEmpty = ({ type, keywords, properties }: Shape): boolean =>
  type === 'object' && properties.size === 0 && keywords['additionalProperties'] === false

const hasFields = ({ kind }: ChosenMedia, { type, properties }: Shape): boolean =>
  kind !== 'file' && kind !== 'text' && type === 'object' && properties.size > 0

const encodingOf = ({ kind }: ChosenMedia): Encoding =>
  kind === 'json' || kind === 'file' ? undefined : kind

/** Many documents forget to say that a body is required; only one that says no is believed. */
const fields = (
  body: SourceBody,
  { chosen, shape }: { chosen: ChosenMedia; shape: Shape },
  schemas: Schemas,
): Wanted[] =>
  writable(shape, schemas.shapeOf).map(([name, schema]) => ({
    name,
    required: shape.required.has(name) && body.required !== false,
    description: '',
    schema,
    ...(chosen.kind === 'json' ? {} : { style: chosen.media.styles.get(name) ?? FORM_STYLE }),
    mayBeFile: chosen.kind === 'multipart',
  }))

/** A multipart body that is said to be bytes: one file part. */
const onlyFile = (body: SourceBody, { media }: ChosenMedia): Wanted => ({
  name: 'file',
  required: body.required ?? false,
  description: body.description,
  schema: media.schema,
  mayBeFile: true,
})

const wholeBody = (body: SourceBody, chosen: ChosenMedia, shape: Shape): Wanted => {
  const stated = body.description || textAt(shape.keywords, 'description')
  const common = { name: 'body', required: body.required ?? false }
  if (chosen.kind === 'file') {
    const schema = { type: 'string', format: 'binary' }
    return { ...common, description: stated || 'The content, as base64.', schema, mayBeFile: true }
  }
  if (chosen.kind === 'text') {
    const description = [stated, `The body, as ${chosen.contentType} text.`].join(' ').trim()
    return { ...common, description, schema: { type: 'string' } }
  }
  const isForm = chosen.kind === 'form' || chosen.kind === 'multipart'
  const schema = isForm ? { type: 'object', description: stated } : chosen.media.schema
  return { ...common, description: stated || 'The body of the request.', schema }
}
