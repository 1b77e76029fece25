import { pathPlaceholders, templatePlaceholders } from '../model/placeholder.ts'
import { isSecretField, type CredentialField, type Inject, type Service } from '../model/service.ts'
import { injectByType, typeByFields } from './inject-by-type.ts'
import type { Problem } from './parse.ts'
import { toService, type ParsedConfig } from './schema.ts'
import { withUsableNames } from './tool-names.ts'

/**
 * Fills in what follows from the other parts of a config: the display name, `planned` for a service without tools, the auth
 * type by its fields, the injection by auth type, path parameters and credential fields that are used but not declared.
 */
export const complete = (config: ParsedConfig): { service: Service; problems: Problem[] } => {
  const problems: Problem[] = []
  const type = typeOf(config, problems)
  const inject = config.auth.inject ?? injectByType(type, config.auth.fields)
  const fields = [...config.auth.fields, ...undeclaredFields(config, inject, problems)]
  const service = toService({
    ...config,
    displayName: config.displayName || config.name,
    status: config.status ?? (config.tools.length === 0 ? 'planned' : undefined),
    auth: { ...config.auth, type, fields, inject },
    tools: withUsableNames(
      config.tools.map((tool, index) => withPathParameters(tool, { fields, index, problems })),
      problems,
    ),
  })
  return { service, problems }
}

/** A call without the key would be worse than none. */
const typeOf = ({ auth }: ParsedConfig, problems: Problem[]): Service['auth']['type'] => {
  const said = (message: string) => problems.push({ path: 'auth.type', message })
  if (auth.type !== undefined && auth.type !== 'unknown') return auth.type
  if (auth.inject) return 'api_key'
  const type = auth.type ?? typeByFields(auth.fields)
  if (type === 'unknown')
    said('does not say how the secrets are sent, so every call is refused; add auth.inject')
  else if (type !== 'none') said(`is missing or not known; taken for "${type}" by the fields`)
  return type
}

const undeclaredFields = (
  config: ParsedConfig,
  inject: Inject,
  problems: Problem[],
): CredentialField[] => {
  const declared = new Set(config.auth.fields.map((field) => field.name))
  const inUrls = [config.api.baseURL, ...config.tools.map((tool) => tool.baseURL ?? '')]
  const needed = [
    ...inUrls.flatMap(pathPlaceholders).map((name) => ({ name, type: 'text' as const })),
    ...templatePlaceholders(JSON.stringify(inject)).map((name) => ({
      name,
      type: 'password' as const,
    })),
  ].filter(({ name }) => !declared.has(name))
  return [...new Map(needed.map((field) => [field.name, field])).values()].map(({ name, type }) => {
    problems.push({
      path: 'auth.fields',
      message: `{${name}} is used but not declared; made a required field`,
    })
    return { name, type, required: true, description: '' }
  })
}

type ParsedTool = ParsedConfig['tools'][number]
type ParsedParameter = ParsedTool['parameters'][string]
type Around = { fields: readonly CredentialField[]; index: number; problems: Problem[] }

/**
 * Every parameter of the path has a value (OpenAPI 3.1 §4.8.12.1): without one, "delete this item" would be another call. One
 * that is not declared and is called like a field has that field's.
 */
const withPathParameters = (tool: ParsedTool, { fields, index, problems }: Around): ParsedTool => {
  const said = (name: string, what: string) => {
    const message = `{${name}} in the endpoint of ${tool.name} is not ${what}`
    problems.push({ path: `tools.${index}.parameters`, message })
  }
  const made: Record<string, ParsedParameter> = {}
  for (const name of pathPlaceholders(tool.endpoint)) {
    const known = Object.hasOwn(tool.parameters, name) ? tool.parameters[name] : undefined
    if (!known) Object.assign(made, undeclared(name, fields, said))
    else if (lacksValue(tool, name, known)) {
      said(name, 'required; made so')
      made[name] = { ...known, required: true }
    }
  }
  return Object.keys(made).length === 0
    ? tool
    : { ...tool, parameters: { ...made, ...tool.parameters, ...made } }
}

const lacksValue = ({ endpoint }: ParsedTool, name: string, parameter: ParsedParameter): boolean =>
  endpoint.split('?')[0]?.includes(`{${name}}`) === true &&
  !parameter.required &&
  parameter.default === undefined

/** No agent gets to choose what is secret. */
const undeclared = (
  name: string,
  fields: readonly CredentialField[],
  said: (name: string, what: string) => void,
): Record<string, ParsedParameter> => {
  const field = fields.find((one) => one.name === name)
  if (field && isSecretField(field)) return {}
  if (!field) said(name, 'declared; made a required string')
  const description = field ? `By default the ${name} of the credentials.` : ''
  return { [name]: { type: 'string', required: !field, description } }
}
