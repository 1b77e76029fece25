import { pathPlaceholders, templatePlaceholders } from '../model/placeholder.ts'
import { placeOf, type Service, type Tool } from '../model/service.ts'
import { suggestion } from '../model/nearest.ts'
import type { Finding } from './finding.ts'
import { loadRegistry } from './load.ts'

/**
 * Everything that a good config has and a usable one may lack: what the loader had to put right, and what users and
 * agents would miss.
 */
export const lintRegistry = (directory: string): { services: Service[]; findings: Finding[] } => {
  const { services, findings } = loadRegistry(directory)
  const linted = services.flatMap(
    (service) =>
    lintService(service).map(([path, message]) => ({
      severity: 'warning' as const, service: service.name,
      file: `${directory}/${service.name}/config.json`, path, message,
    })), // prettier-ignore
  )
  return { services, findings: [...findings, ...linted] }
}

type Note = [path: string, message: string]

/** What is wrong with one service that loads. */
export const lintService = (service: Service): Note[] => [
  ...(service.description ? [] : [['description', 'is missing'] satisfies Note]),
  ...lintBaseUrl(service),
  ...(service.tools.length > 0 && !service.source
    ? [
        [
          'source',
          'is missing: name the documentation that the tools were written from',
        ] satisfies Note,
      ]
    : []),
  ...(service.tools.length > 0 && service.status === 'planned'
    ? [['status', 'is planned, but there are tools'] satisfies Note]
    : []),
  ...lintFields(service),
  ...lintEnvironment(service),
  ...lintVerify(service),
  ...service.tools.flatMap((tool, index) =>
    lintTool(service, tool).map(([path, message]): Note => [`tools.${index}.${path}`, message]),
  ),
]

const lintBaseUrl = (service: Service): Note[] => {
  const { baseURL } = service.api
  if (service.name === 'echo' || (service.status === 'planned' && baseURL === '')) return []
  if (!/^(https:\/\/[^/]|\{[\w-]+\})/.test(baseURL))
    return [['api.baseURL', 'is not an https address (or a {field} that holds one)']]
  return /your[-_]?(account|domain|company|subdomain)|example\.(com|org)|<|>/i.test(baseURL)
    ? [['api.baseURL', 'holds a stand-in; write {field} and declare the field']]
    : []
}

const lintFields = (service: Service): Note[] => {
  const used = new Set([
    ...templatePlaceholders(JSON.stringify(service.auth.inject)),
    ...[service.api.baseURL, ...service.tools.map((tool) => tool.baseURL ?? '')].flatMap(
      pathPlaceholders,
    ),
    ...service.tools.flatMap(namesInTool),
  ])
  const needless = service.auth.fields.filter((field) => field.required && !used.has(field.name))
  if (service.status === 'planned') return []
  return needless.map((field): Note => {
    const hint = suggestion(field.name, [...used])
    return ['auth.fields', `required field "${field.name}" is not used by inject or baseURL${hint}`]
  })
}

/** What a tool's own texts name: its parameters, or fields of the credentials. */
const namesInTool = ({ endpoint, body, headers }: Tool): string[] => [
  ...pathPlaceholders(endpoint),
  ...templatePlaceholders(JSON.stringify([body ?? '', headers ?? {}])),
]

const lintEnvironment = (service: Service): Note[] =>
  (service.process?.env ?? [])
    .filter((name) => /SECRET|TOKEN|PASSW|CREDENTIAL|PRIVATE|API_?KEY/.test(name))
    .map((name): Note => [
      'process.env',
      `${name} looks like a secret, and PM2 writes the environment to its files: pass the path of a file instead`,
    ])

const lintVerify = ({ auth }: Service): Note[] => {
  const { verify } = auth
  if (!verify) return []
  const fields = auth.fields.map(({ name }) => name)
  const used = [
    ...pathPlaceholders(verify.endpoint),
    ...templatePlaceholders(JSON.stringify(verify.body ?? '')),
  ]
  return [
    ...(verify.source
      ? []
      : [['auth.verify.source', 'is missing: name the documentation'] satisfies Note]),
    ...used
      .filter((name) => !fields.includes(name))
      .map((name): Note => ['auth.verify', `{${name}} is not a field${suggestion(name, fields)}`]),
  ]
}

const lintTool = (service: Service, tool: Tool): Note[] => {
  const inTemplate = new Set(templatePlaceholders(JSON.stringify(tool.body ?? '')))
  const inHeaders = templatePlaceholders(JSON.stringify(tool.headers ?? {}))
  const names = Object.keys(tool.parameters)
  const known = [...names, ...service.auth.fields.map(({ name }) => name)]
  return [
    ...(tool.description ? [] : [['description', 'is missing'] satisfies Note]),
    ...(/^[\w-]{1,64}$/.test(tool.name)
      ? []
      : [['name', 'is longer than 64 characters or has others than letters, digits, _ and -: some model APIs refuse it'] satisfies Note]), // prettier-ignore
    ...Object.entries({ body: [...inTemplate], headers: inHeaders }).flatMap(([part, used]) =>
      used
        .filter((name) => !known.includes(name))
        .map((name): Note => [part, `{{${name}}} is not a parameter${suggestion(name, names)}`]),
    ),
    ...names.flatMap((name): Note[] => {
      const place = placeOf(tool, name)
      const path = `parameters.${name}`
      if (place === 'path' && !tool.endpoint.includes(`{${name}}`))
        return [[path, 'is said to be in the path, but the endpoint does not name it']]
      if (place === 'body' && tool.body !== undefined && !inTemplate.has(name))
        return [[path, 'is not named by the body template, so it would be lost']]
      if (!tool.parameters[name]?.description && service.status !== 'planned')
        return [[path, 'has no description']]
      return []
    }),
  ]
}
