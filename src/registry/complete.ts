import { pathPlaceholders, templatePlaceholders } from '../model/placeholder.ts'
import type { CredentialField, Inject, Service } from '../model/service.ts'
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

const TOKEN_FIELDS = ['access_token', 'bearer_token', 'auth_token', 'api_token', 'token'] // by preference
const KEY_FIELDS = ['api_key', 'generic_api_key', 'apikey', ...TOKEN_FIELDS]

/** Older configs say only the auth type. A Bearer header is what most APIs of type `api_key` take too. */
const injectByType = (config: ParsedConfig): Inject => {
  const fields: readonly CredentialField[] = config.auth.fields
  const bearer = (names: readonly string[], fallback: string) => ({
    headers: { Authorization: `Bearer {{${pick(fields, names) ?? fallback}}}` },
  })
  switch (config.auth.type) {
    case 'none':
      return {}
    case 'basic': {
      const username = pick(fields, ['username', 'email', 'user', 'client_id']) ?? 'username'
      const password = pick(fields, ['password', 'api_token', ...KEY_FIELDS]) ?? 'password'
      return { basic: { username: `{{${username}}}`, password: `{{${password}}}` } }
    }
    case 'oauth1':
      return {
        oauth1: {
          consumerKey: '{{consumer_key}}',
          consumerSecret: '{{consumer_secret}}',
          token: `{{${pick(fields, TOKEN_FIELDS) ?? 'access_token'}}}`,
          tokenSecret: `{{${pick(fields, ['access_token_secret', 'token_secret']) ?? 'access_token_secret'}}}`,
        },
      }
    case 'oauth2':
      return bearer([...TOKEN_FIELDS, ...KEY_FIELDS], 'access_token')
    default:
      return bearer(KEY_FIELDS, onlySecret(fields) ?? 'api_key')
  }
}

const pick = (fields: readonly CredentialField[], names: readonly string[]) =>
  names.find((name) => fields.some((field) => field.name === name))

const onlySecret = (fields: readonly CredentialField[]) =>
  fields.find((field) => field.required && field.type === 'password')?.name

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

const withPathParameters = (tool: ParsedTool, index: number, problems: Problem[]): ParsedTool => {
  const missing = pathPlaceholders(tool.endpoint).filter(
    (name) => !Object.hasOwn(tool.parameters, name),
  )
  if (missing.length === 0) return tool
  const added = missing.map((name) => {
    problems.push({
      path: `tools.${index}.parameters`,
      message: `{${name}} in the endpoint of ${tool.name} is not declared; made a required string`,
    })
    return [name, { type: 'string' as const, required: true, description: '' }] as const
  })
  return { ...tool, parameters: { ...Object.fromEntries(added), ...tool.parameters } }
}
