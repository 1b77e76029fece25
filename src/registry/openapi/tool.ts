import type { Parameter, Tool } from '../../model/service.ts'
import { METHODS } from '../../model/service.ts'
import type { Budget } from './agent-schema.ts'
import { planBody, type BodyPlan } from './body.ts'
import { constantOf, mayStand } from './constants.ts'
import { shorten, wordsOf } from './descriptions.ts'
import { readEndpoint, type Endpoint } from './endpoint.ts'
import { textAt } from './json.ts'
import { createNames, parameterKey, toolNames } from './names.ts'
import type { RawOperation } from './operations.ts'
import type { ParameterWriter, Wanted } from './parameters.ts'
import type { Schemas } from './schemas.ts'
import type { SourceInputs, SourceParameter } from './source.ts'

/** What an operation needs of its document to become a tool. */
export type ToolContext = {
  readInputs: (operation: RawOperation) => SourceInputs
  schemas: Schemas
  writeParameter: ParameterWriter
  /** `query api_key`: what the credentials bring with them, so that no agent is asked for it. */
  injected: ReadonlySet<string>
  /** `info.version`: some APIs want it with every request. */
  version: string
  nameTool: (...candidates: string[]) => string
}

export type MadeTool = { tool: Tool; notes: string[] }
export type LeftOut = { leftOut: string }

const DESCRIPTION = 600
/** How many schemas a tool's parameters may show in all. */
const SCHEMAS = 150
/** No agent fills in more; required ones beyond it cost the tool. */
const MAX_PARAMETERS = 150

type Draft = {
  parameters: Map<string, Parameter>
  constants: string[]
  headers: Record<string, string>
  notes: string[]
  budget: Budget
  keys: ReturnType<typeof createNames>
}

/** An operation as a tool, or why it cannot be one. */
export const makeTool = (operation: RawOperation, context: ToolContext): MadeTool | LeftOut => {
  const refusal = whyNot(operation)
  if (refusal !== undefined) return { leftOut: refusal }
  const inputs = context.readInputs(operation)
  const plan: BodyPlan =
    operation.method === 'HEAD' ? { kind: 'none' } : planBody(inputs.body, context.schemas)
  if (plan.kind === 'impossible' && inputs.body?.required !== false) return { leftOut: plan.reason }
  const endpoint = readEndpoint(operation.path, inputs.parameters)
  if (/(^|\/)(\.|%2e){1,2}(\/|$)/i.test(endpoint.path))
    return { leftOut: 'has "." or ".." in its path' }
  const draft: Draft = {
    parameters: new Map(),
    constants: [...endpoint.constants],
    headers: {},
    notes: [],
    budget: { left: SCHEMAS },
    keys: createNames(),
  }
  const failure =
    addPath(draft, endpoint, context) ??
    addOthers(draft, endpoint, context) ??
    addBody(draft, plan, context)
  return failure === undefined ? finish({ operation, endpoint, draft, plan }, context) : { leftOut: failure } // prettier-ignore
}

const whyNot = (operation: RawOperation): string | undefined => {
  if (!METHODS.some((method) => method === operation.method))
    return `${operation.method} is no method of tools`
  const [lost] = operation.lost
  return lost === undefined ? undefined : `a parameter stands behind ${lost}, which cannot be read`
}

const addPath = (draft: Draft, endpoint: Endpoint, context: ToolContext): string | undefined => {
  for (const [key, source] of endpoint.parameters) {
    const written = context.writeParameter(source, draft.budget)
    if (written === 'unwritable') return `the style of {${source.name}} cannot be written`
    draft.keys.take(key)
    const more = source.reserved ? { reserved: true } : {}
    draft.parameters.set(key, { ...withoutEmpty(written), in: 'path', ...more })
  }
  return undefined
}

/** A path parameter is never empty, whatever its enum says. */
const withoutEmpty = ({ enum: values, ...parameter }: Parameter): Parameter => {
  const possible = values?.filter((value) => value !== '') ?? []
  return possible.length > 0 ? { ...parameter, enum: possible } : parameter
}

const addOthers = (draft: Draft, endpoint: Endpoint, context: ToolContext): string | undefined => {
  for (const source of endpoint.others) {
    const { name, in: place } = source
    if (context.injected.has(`${place} ${name.toLowerCase()}`) || !mayStand(source)) continue
    const constant = constantOf(source, context)
    if (constant !== undefined) {
      addConstant(draft, source, constant)
      continue
    }
    const failure = add(draft, source, context)
    if (failure !== undefined) return failure
  }
  return undefined
}

const addConstant = (draft: Draft, { name, in: place }: SourceParameter, value: string): void => {
  if (place === 'header') draft.headers[name] = value
  else draft.constants.push(`${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
}

const addBody = (draft: Draft, plan: BodyPlan, context: ToolContext): string | undefined => {
  if (plan.kind === 'none') return undefined
  if (plan.kind === 'impossible') {
    draft.notes.push(`the body, which is optional: ${plan.reason}`)
    return undefined
  }
  if (plan.contentType !== undefined) draft.headers['Content-Type'] = plan.contentType
  const fields: Wanted[] = plan.kind === 'flat' ? plan.parameters : [plan.parameter]
  return fields
    .map((field) => add(draft, { ...field, in: 'body' }, context))
    .find((failure) => failure !== undefined)
}

/** @returns why the tool cannot be, when a required parameter cannot be written */
const add = (
  draft: Draft,
  wanted: Wanted & { in: NonNullable<Parameter['in']>; reserved?: boolean },
  context: ToolContext,
): string | undefined => {
  const { name, in: place, required } = wanted
  const written = context.writeParameter(wanted, draft.budget)
  if (written === 'unwritable') {
    if (required) return `the style of its ${place} parameter ${name} cannot be written`
    draft.notes.push(`${place} parameter ${name}: its style cannot be written`)
    return undefined
  }
  const more = wanted.reserved && place === 'query' ? { reserved: true } : {}
  return put(draft, wanted, { ...written, in: place, ...more })
}

/** @returns why the tool cannot be, when a required parameter does not fit any more */
const put = (
  { parameters, keys, notes }: Draft,
  { name }: { name: string },
  parameter: Parameter,
): string | undefined => {
  if (parameters.size >= MAX_PARAMETERS) {
    if (parameter.required) return `needs more than ${MAX_PARAMETERS} parameters`
    notes.push(`parameter ${name}: there are more than ${MAX_PARAMETERS}`)
    return undefined
  }
  const plain = parameterKey(name)
  const key = keys.take(plain, `${parameter.in ?? ''}_${plain}`)
  parameters.set(key, key === name ? parameter : { ...parameter, name })
  return undefined
}

type Parts = { operation: RawOperation; endpoint: Endpoint; draft: Draft; plan: BodyPlan }

const finish = ({ operation, endpoint, draft, plan }: Parts, context: ToolContext): MadeTool => {
  const { path, method, node } = operation
  const wholeKey = plan.kind === 'whole' ? [...draft.parameters.keys()].at(-1) : undefined
  const encoding = plan.kind === 'flat' || plan.kind === 'whole' ? plan.encoding : undefined
  const query = draft.constants.join('&')
  const tool: Tool = {
    name: context.nameTool(...toolNames(textAt(node, 'operationId'), method, path)),
    description: descriptionOf(operation),
    method: method as Tool['method'],
    endpoint: query === '' ? endpoint.path : `${endpoint.path}?${query}`,
    parameters: Object.fromEntries(draft.parameters),
    ...(Object.keys(draft.headers).length > 0 ? { headers: draft.headers } : {}),
    ...(encoding === undefined ? {} : { encoding }),
    ...(wholeKey === undefined ? {} : { body: `{{${wholeKey}}}` }),
  }
  return { tool, notes: draft.notes }
}

const descriptionOf = ({ node, path, method, deprecated }: RawOperation): string => {
  const summary = textAt(node, 'summary').trim()
  const description = textAt(node, 'description').trim()
  const repeats = description.toLowerCase().startsWith(summary.toLowerCase().replace(/\.$/, ''))
  const end = /[.!?]$/.test(summary) || summary === '' ? '' : '.'
  const both = repeats ? description : `${summary}${end} ${description}`
  const text = shorten(both, DESCRIPTION) || `${method} ${path} (${wordsOf(path)})`
  return deprecated ? `Deprecated. ${text}` : text
}
