import type { Shape } from './schemas.ts'
import type { SourceBody, SourceMedia } from './source.ts'

/** How a body of a media type is written. */
type BodyKind = 'json' | 'form' | 'multipart' | 'text' | 'file'

const TOKEN = /^[\w!#$&^.+-]+\/[\w!#$&^.+*-]+$/
const KINDS: readonly [RegExp, BodyKind][] = [
  [/json-seq|ndjson|jsonl|json-lines/, 'text'],
  [/^(application|text)\/([\w.*-]+[+.])?json$|json/, 'json'],
  [/^\*\/\*$|^application\/\*$|^$/, 'json'],
  [/^application\/x-www-form-urlencoded$|^application\/form-data$/, 'form'],
  [/^multipart\/form-data$/, 'multipart'],
  [/^text\/|^\w+\/text$|xml$|yaml$|yml$|graphql|^application\/(jwt|jose|javascript|sql|csv|x-sh)|sparql|turtle|n-triples/, 'text'],
  [/^(image|video|audio|font)\/|^application\/(octet-stream|zip|tar|gzip|pdf|x-\w+|dicom|wasm|vnd\.)/, 'file'],
] // prettier-ignore

/** Best first: what an agent writes most easily. */
const PREFERENCE: readonly BodyKind[] = ['json', 'form', 'multipart', 'text', 'file']

export type ChosenMedia = { kind: BodyKind; contentType: string; media: SourceMedia }

/** @returns the media type to write, or undefined when none of them can be written */
export const chooseMedia = (
  body: SourceBody,
  shapeOf: (schema: unknown) => Shape,
): ChosenMedia | undefined => {
  const options = body.media.flatMap((media) => {
    const contentType = media.type.trim()
    const bare = (contentType.split(';')[0] ?? '').trim().toLowerCase()
    const kind = KINDS.find(([pattern]) => pattern.test(bare))?.[1]
    if (!kind || (bare !== '' && kind !== 'json' && !TOKEN.test(bare))) return []
    return [{ kind: refine(kind, shapeOf(media.schema), shapeOf), contentType, media }]
  })
  const rank = ({ kind, contentType }: ChosenMedia) =>
    PREFERENCE.indexOf(kind) * 2 + (contentType.toLowerCase() === 'application/json' ? 0 : 1)
  return options.sort((a, b) => rank(a) - rank(b))[0]
}

/** A form with bytes in it can only be multipart; bytes as a whole are a file whatever they are called. */
const refine = (kind: BodyKind, shape: Shape, shapeOf: (schema: unknown) => Shape): BodyKind => {
  if (isBinary(shape) && kind !== 'multipart') return 'file'
  const hasBytes = () => [...shape.properties.values()].some((schema) => isBinary(shapeOf(schema)))
  return kind === 'form' && hasBytes() ? 'multipart' : kind
}

/** Bytes rather than text. */
export const isBinary = ({ type, keywords }: Shape): boolean =>
  type === 'file' ||
  (type === 'string' && keywords['format'] === 'binary') ||
  (['string', 'any'].includes(type) &&
    typeof keywords['contentMediaType'] === 'string' &&
    keywords['contentEncoding'] === undefined &&
    !/^text\/|json|xml/.test(keywords['contentMediaType']))

/** The header that says it, where the encoding's own would not: never the boundary's, never a wildcard. */
export const contentTypeHeader = ({ kind, contentType }: ChosenMedia): string | undefined => {
  const isExact = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(\s*;\s*[\w-]+="?[\w.:/+-]+"?)*$/.test(contentType)
  if (!isExact || kind === 'form' || kind === 'multipart') return undefined
  return contentType.toLowerCase() === 'application/json' ? undefined : contentType
}
