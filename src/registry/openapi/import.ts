import type { Tool } from '../../model/service.ts'
import { complete } from '../complete.ts'
import { lintService } from '../lint.ts'
import { modernise } from '../modernise.ts'
import { parseConfig } from '../parse.ts'
import { shorten } from './descriptions.ts'
import { isObject, listAt, objectAt, textAt, textsAt, type Json } from './json.ts'
import type { Note } from './note.ts'
import { createNames } from './names.ts'
import { readInputs3 } from './openapi3.ts'
import { listOperations, type RawOperation } from './operations.ts'
import { createParameterWriter } from './parameters.ts'
import { refusal, type OpenApiDocument } from './parse-document.ts'
import { createReferences } from './references.ts'
import { createSchemas } from './schemas.ts'
import { schemesOf } from './security-schemes.ts'
import { readSecurity } from './security.ts'
import { chooseOperations } from './selection.ts'
import { chooseBaseUrl, servers2, type BaseUrl } from './servers.ts'
import { readInputs2 } from './swagger2.ts'
import { makeTool, type ToolContext } from './tool.ts'

export type ImportOptions = {
  name: string
  port: number
  tags: readonly string[]
  maxTools: number
  /** Where the document came from, for `source`; and as a URL for addresses relative to it. */
  source: string
  location: URL | undefined
  /** Takes the place of the servers that the document names. */
  baseUrl: string | undefined
  /** Other files that the document refers to, by reference. */
  others?: ReadonlyMap<string, unknown>
}

/** A config as it is written, and what is to be said of it. */
export type Imported = { config: Json; tools: number; leftOut: Note[]; notes: Note[] }

/** @throws AppError `openapi_invalid` when no tool can be made of the document */
export const importDocument = (document: OpenApiDocument, options: ImportOptions): Imported => {
  const { root, dialect } = document
  const references = createReferences(root, options.others)
  const schemas = createSchemas(references)
  const all = listOperations(root, references)
  if (all.length === 0) throw refusal(whyEmpty(root))
  const { chosen, leftOut } = chooseOperations(all, options)
  const security = readSecurity(root, chosen, schemesOf(root, references.resolve))
  const names = createNames()
  const context: ToolContext = {
    readInputs: (operation) =>
      dialect === 'swagger2' ? readInputs2(operation, root) : readInputs3(operation, references),
    schemas,
    writeParameter: createParameterWriter(schemas),
    injected: security.injected,
    version: textAt(root['info'], 'version'),
    nameTool: names.take,
  }
  const base = baseUrlOf(document, options)
  const made = makeTools(chosen, context, { base, location: options.location })
  leftOut.push(...made.leftOut)
  const notes = [
    ...base.notes.map((reason) => ({ where: 'servers', reason })),
    ...security.notes.map((reason) => ({ where: 'security', reason })),
    ...made.notes,
  ]
  const fields = unique([...security.auth.fields, ...base.fields, ...made.fields])
  const config = { ...header(root, options), ...body(root, base.baseURL), auth: { ...security.auth, fields }, tools: made.tools } // prettier-ignore
  return checked({ config, tools: made.tools.length, leftOut, notes })
}

const whyEmpty = (root: Json): string => {
  if (isObject(root['webhooks']))
    return 'It describes webhooks only: calls that the API makes, none that it takes.'
  return 'It describes no operations, so there is nothing to call.'
}

const baseUrlOf = ({ root, dialect }: OpenApiDocument, options: ImportOptions): BaseUrl => {
  if (options.baseUrl !== undefined) return { baseURL: options.baseUrl, fields: [], notes: [] }
  const servers = dialect === 'swagger2' ? servers2(root) : listAt(root, 'servers')
  return chooseBaseUrl(servers, options.location)
}

type Bases = { base: BaseUrl; location: URL | undefined }

const makeTools = (
  operations: readonly RawOperation[],
  context: ToolContext,
  { base, location }: Bases,
) => {
  const tools: Tool[] = []
  const leftOut: Note[] = []
  const notes: Note[] = []
  const fields: BaseUrl['fields'] = []
  for (const operation of operations) {
    const where = `${operation.method} ${operation.path}`
    const made = makeTool(operation, context)
    if ('leftOut' in made) {
      leftOut.push({ where, reason: made.leftOut })
      continue
    }
    notes.push(...made.notes.map((reason) => ({ where, reason })))
    const own = operation.servers.length > 0 ? chooseBaseUrl(operation.servers, location) : base
    const isOther = own.baseURL !== base.baseURL && !own.baseURL.startsWith('{')
    if (isOther) fields.push(...own.fields)
    tools.push(isOther ? { ...made.tool, baseURL: own.baseURL } : made.tool)
  }
  return { tools, leftOut, notes, fields }
}

const unique = <T extends { name: string }>(fields: readonly T[]): T[] => [
  ...new Map(fields.map((field) => [field.name, field])).values(),
]

const header = (root: Json, { name, port, source }: ImportOptions): Json => {
  const info = objectAt(root, 'info')
  const title = shorten(textAt(info, 'title'), 80) || name
  const logo = textAt(info['x-logo'], 'url')
  const [category = 'general'] = textsAt(info, 'x-apisguru-categories')
  return {
    $schema: '../service.schema.json',
    name,
    displayName: title,
    description: shorten(textAt(info, 'description'), 500) || title,
    category: category.replaceAll('_', '-'),
    ...(/^https:\/\/\S{1,500}$/.test(logo) && URL.canParse(logo) ? { iconUrl: logo } : {}),
    port,
    source: originOf(info) ?? source,
  }
}

/** Where the document says it was published; a file's name tells others little. */
const originOf = (info: Json): string | undefined =>
  listAt(info, 'x-origin')
    .map((origin) => textAt(origin, 'url'))
    .find((url) => URL.canParse(url))

const body = (root: Json, baseURL: string): Json => ({
  api: {
    baseURL,
    version: textAt(root['info'], 'version').slice(0, 60),
    documentation: textAt(root['externalDocs'], 'url'),
  },
})

/** The result goes the way of every config; a tool that lint would complain of is a defect of ours, and stays out. */
const checked = (imported: Imported): Imported => {
  const { config, problems } = parseConfig(modernise(structuredClone(imported.config)))
  if (!config) throw refusal(`It makes no valid config: ${problems.map(({ path, message }) => `${path} ${message}`).join('; ')}.`) // prettier-ignore
  const completed = complete(config)
  const findings = [
    ...[...problems, ...completed.problems].map(({ path, message }) => [path, message] as const),
    ...lintService(completed.service),
  ]
  const bad = new Map(findings.flatMap(([path, message]) => {
    const index = /^tools\.(\d+)/.exec(path)?.[1]
    return index === undefined ? [] : [[Number(index), `${path}: ${message}`]]
  })) // prettier-ignore
  const general = findings.find(([path]) => !/^tools\.\d+/.test(path))
  if (general) throw refusal(`It makes no valid config: ${general.join(' ')}.`)
  const all = listAt(imported.config, 'tools') as Tool[]
  const tools = all.filter((_tool, index) => !bad.has(index))
  const leftOut = [
    ...imported.leftOut,
    ...[...bad].map(([index, reason]) => ({ where: all[index]?.name ?? '', reason })),
  ]
  if (tools.length === 0) throw refusal(`None of its operations can become a tool: ${leftOut[0]?.where ?? ''} ${leftOut[0]?.reason ?? ''}.`) // prettier-ignore
  return { ...imported, config: { ...imported.config, tools }, tools: tools.length, leftOut }
}
