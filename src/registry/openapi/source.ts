import type { Parameter } from '../../model/service.ts'

/** A parameter in the words of no version. */
export type SourceParameter = {
  name: string
  in: 'path' | 'query' | 'header' | 'cookie'
  required: boolean
  description: string
  schema: unknown
  style: Style
  /** What stands before the value in a path: matrix and label styles. */
  prefix: string
  reserved: boolean
}

/** How its arrays and objects are written; `unknown` when the config format cannot say it. */
export type Style = { array: StyleName; object: StyleName }
export type StyleName = NonNullable<Parameter['style']> | 'unknown'

/** A request body with all its media types. */
export type SourceBody = {
  /** Undefined when the document does not say. */
  required: boolean | undefined
  description: string
  media: readonly SourceMedia[]
}

export type SourceMedia = {
  type: string
  schema: unknown
  /** By property: how a form writes it. */
  styles: ReadonlyMap<string, Style>
}

export type SourceInputs = { parameters: SourceParameter[]; body: SourceBody | undefined }
