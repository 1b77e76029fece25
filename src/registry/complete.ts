import { pathPlaceholders, templatePlaceholders } from '../model/placeholder.ts'
import type { CredentialField, Inject, Service } from '../model/service.ts'
import { injectByType } from './inject-by-type.ts'
import type { Problem } from './parse.ts'
import { toService, type ParsedConfig } from './schema.ts'

/**
 * Fills in what follows from the other parts of a config: the display name, `planned` for a service without tools,
 * the injection by auth type, path parameters and credential fields that are used but not declared.
 */
export const complete = (config: ParsedConfig): { service: Service; problems: Problem[] } => {
  const problems: Problem[] = []
  const inject = config.auth.inject ?? injectByType(config)
  const fields = [...config.auth.fields, ...undeclaredFields(config, inject, problems)]
  const service = toService({
    ...config,
    displayName: config.displayName || config.name,
    status: config.status ?? (config.tools.length === 0 ? 'planned' : undefined),
    auth: { ...config.auth, fields, inject: inject },
    tools: config.tools.map((tool, index) => withPathParameters(tool, index, problems)),
  })
  return { service, problems }
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

/** Every parameter of the path has a value (OpenAPI 3.1 §4.8.12.1): without one, "delete this item" would be another call. */
const withPathParameters = (tool: ParsedTool, index: number, problems: Problem[]): ParsedTool => {
  const said = (name: string, what: string) => {
    const message = `{${name}} in the endpoint of ${tool.name} is not ${what}`
    problems.push({ path: `tools.${index}.parameters`, message })
  }
  const [path = ''] = tool.endpoint.split('?')
  const made: Record<string, ParsedParameter> = {}
  for (const name of pathPlaceholders(tool.endpoint)) {
    const known = Object.hasOwn(tool.parameters, name) ? tool.parameters[name] : undefined
    if (!known) {
      said(name, 'declared; made a required string')
      made[name] = { type: 'string', required: true, description: '' }
    } else if (path.includes(`{${name}}`) && !known.required && known.default === undefined) {
      said(name, 'required; made so')
      made[name] = { ...known, required: true }
    }
  }
  return Object.keys(made).length === 0
    ? tool
    : { ...tool, parameters: { ...made, ...tool.parameters, ...made } }
}
