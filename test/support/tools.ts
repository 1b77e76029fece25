import type { Credentials } from '../../src/model/host-credentials.ts'
import type { Parameter, Service, Tool } from '../../src/model/service.ts'
import { checkArguments } from '../../src/services/mcp/arguments.ts'
import type { OutgoingRequest } from '../../src/services/mcp/outgoing-request.ts'
import { buildRequest } from '../../src/services/mcp/request.ts'
import { makeService } from './services.ts'

type ToolParts = Partial<Omit<Tool, 'parameters'>> & {
  parameters?: Readonly<Record<string, Partial<Parameter>>>
}

/** A complete tool: `GET /items` unless told otherwise; parameters are optional strings. */
export const makeTool = ({ parameters = {}, ...over }: ToolParts = {}): Tool => ({
  name: 'list_items',
  description: 'Lists items.',
  endpoint: '/items',
  method: 'GET',
  ...over,
  parameters: Object.fromEntries(
    Object.entries(parameters).map(([name, part]) => [
      name,
      { type: 'string', required: false, description: '', ...part },
    ]),
  ),
})

type Call = {
  service?: Partial<Service>
  args?: Record<string, unknown>
  credentials?: Credentials
}

/** The request that a tool call makes: its arguments checked, then built. */
export const requestOf = (tool: ToolParts, call: Call = {}): OutgoingRequest => {
  const made = makeTool(tool)
  const checked = checkArguments(made, call.args ?? {})
  if (!checked.ok) throw new Error(checked.problems.join('; '))
  return buildRequest({
    service: makeService({ ...call.service, tools: [made] }),
    tool: made,
    args: checked.args,
    credentials: call.credentials ?? { api_key: 'key-of-anna' },
  })
}

/** The body of a request as text. */
export const bodyOf = (request: OutgoingRequest): string | undefined => request.body?.toString()
