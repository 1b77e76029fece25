import type { Parameter } from '../../model/service.ts'
import { asType, createAgentSchema, fittingEnum, type Budget } from './agent-schema.ts'
import { onlyValue } from './constants.ts'
import { shorten, wordsOf } from './descriptions.ts'
import { textAt } from './json.ts'
import { isBinary } from './media.ts'
import type { Schemas, Shape } from './schemas.ts'
import type { Style } from './source.ts'

const DESCRIPTION = 300

/** What is to become a parameter of a tool. */
export type Wanted = {
  name: string
  required: boolean
  description: string
  schema: unknown
  /** Absent within JSON, where arrays and objects are what they are. */
  style?: Style
  /** Whether bytes can be sent, as a part or as the whole body. */
  mayBeFile?: boolean
}

export type ParameterWriter = (wanted: Wanted, budget: Budget) => Parameter | 'unwritable'

/** Makes parameters of the config from schemas; `unwritable` where the config format has no words for the style. */
export const createParameterWriter = (schemas: Schemas): ParameterWriter => {
  const agentSchema = createAgentSchema(schemas)
  return (wanted, budget) => {
    const { name, required, schema } = wanted
    const shape = schemas.shapeOf(schema)
    const stated = wanted.description.trim() || textAt(shape.keywords, 'description')
    const description = shorten(stated, DESCRIPTION) || wordsOf(name)
    const files = wanted.mayBeFile ? asFile(shape, schemas) : undefined
    if (files) return { ...files, required, description }
    const type = shape.type === 'file' ? 'string' : shape.type
    const style = styleFor(type, wanted.style)
    if (style === 'unknown') return 'unwritable'
    return withoutAbsent({
      type,
      required,
      description,
      ...fittingEnum(shape),
      default: required ? statedValue(shape.keywords, type) : undefined,
      style,
      schema: agentSchema(schema, budget),
    })
  }
}

/** Bytes, or a list of such. */
const asFile = (
  shape: Shape,
  { shapeOf }: Schemas,
): Pick<Parameter, 'type' | 'items'> | undefined => {
  if (isBinary(shape)) return { type: 'file' }
  const isList = shape.type === 'array' && isBinary(shapeOf(shape.keywords['items']))
  return isList ? { type: 'array', items: { type: 'file' } } : undefined
}

const withoutAbsent = (parameter: Parameter): Parameter =>
  Object.fromEntries(
    Object.entries(parameter).filter(([, value]) => value !== undefined),
  ) as Parameter

/** What a required value is when the document says it: a server does not fill that in. An empty text is none. */
const statedValue = (
  keywords: Readonly<Record<string, unknown>>,
  type: Parameter['type'],
): unknown => {
  const value = onlyValue(keywords) ?? keywords['default']
  if (value === undefined || value === null || value === '' || type === 'any') return undefined
  return asType(value, type)
}

const styleFor = (type: Parameter['type'], style: Style | undefined) => {
  if (!style) return undefined
  if (type === 'array') return style.array === 'repeat' ? undefined : style.array
  if (type === 'object') return style.object === 'json' ? undefined : style.object
  return type === 'any' && style.object !== 'unknown' ? style.object : undefined
}
