import type { Service, Tool } from '../../src/model/service.ts'
import { messageOf } from '../../src/base/errors.ts'
import { complete } from '../../src/registry/complete.ts'
import { modernise } from '../../src/registry/modernise.ts'
import { parseConfig } from '../../src/registry/parse.ts'
import { checkArguments } from '../../src/services/mcp/arguments.ts'
import { buildRequest } from '../../src/services/mcp/request.ts'
import type { ConfigFile, ToolEntry } from '../../test/support/catalogue/config-file.ts'
import { readRequest } from '../../test/support/catalogue/read-request.ts'
import {
  sampleArguments,
  sampleCredentials,
  type Extent,
} from '../../test/support/catalogue/samples.ts'

/** @returns what is not well formed about the requests of an imported config's tools: URL, headers or body */
export const tryRequests = (config: unknown): string[] => {
  const { config: parsed, problems } = parseConfig(modernise(config))
  if (!parsed || problems.length > 0) return [`the config is not valid: ${JSON.stringify(problems)}`] // prettier-ignore
  const { service } = complete(parsed)
  return service.tools.flatMap((tool) =>
    (['full', 'least'] as const).flatMap((extent) => tryTool(service, tool, extent)),
  )
}

const HEADER_NAME = /^[!#$%&'*+\-.^_`|~\w]+$/
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value).replace(/[^\x20-\x7e]/g, ''))

const tryTool = (service: Service, tool: Tool, extent: Extent): string[] => {
  try {
    const samples = sampleArguments(tool as unknown as ToolEntry, extent)
    // Any JSON will do for a parameter of any type; a header carries no other letters.
    const anything = Object.entries(tool.parameters).filter(([name, { type }]) => type === 'any' && name in samples) // prettier-ignore
    const given = { ...samples, ...Object.fromEntries(anything.map(([name]) => [name, 'any'])) }
    for (const [name, { in: place }] of Object.entries(tool.parameters))
      if (place === 'header' && name in given) given[name] = plain(given[name])
    const checked = checkArguments(tool, given)
    if (!checked.ok) throw new Error(checked.problems.join('; '))
    const credentials = sampleCredentials(service as unknown as ConfigFile, extent)
    const { method, url, headers, body } = buildRequest({ service, tool, args: checked.args, credentials }) // prettier-ignore
    for (const [name, value] of Object.entries(headers))
      if (!HEADER_NAME.test(name) || !HEADER_VALUE.test(value)) throw new Error(`header ${name}: ${value}`) // prettier-ignore
    if (/[{}]/.test(decodeURI(url.pathname.replace(/%7[BD]/gi, '')))) throw new Error(`a placeholder is left: ${url.href}`) // prettier-ignore
    // Lines of JSON are not one JSON text.
    const isLines = /ndjson|json-seq/.test(headers['content-type'] ?? '')
    const text = isLines ? '' : (body?.toString() ?? '')
    readRequest({ method, url: `${url.pathname}${url.search}`, headers: isLines ? {} : headers, body: text }) // prettier-ignore
    return []
  } catch (error) {
    return [`${tool.name} (${extent}): ${messageOf(error)}`]
  }
}
