import { RENEWAL, type Credentials } from '../../model/host-credentials.ts'
import type { ToolResult, ToolUsage } from '../../model/host-protocol.ts'
import type { Service, Tool } from '../../model/service.ts'
import type { Span } from '../../model/span.ts'
import { renewalOf } from './advice.ts'
import { toolError, toToolResult } from './answer.ts'
import { beginCall } from './call-span.ts'
import { checkArguments, type Arguments } from './arguments.ts'
import { ECHO, echoAnswer } from './echo.ts'
import { describeFailure } from './failure.ts'
import { maskFor } from './mask-secrets.ts'
import { prepare } from './prepared.ts'
import { buildRequest } from './request.ts'
import type { StopSignal } from './stop-signal.ts'
import type { Upstream } from './upstream.ts'

export type CallOptions = {
  service: Service
  tool: string
  args: Arguments
  credentials: Credentials
  upstream: Upstream
  /** Aborts when nobody waits for the result any more. */
  signal?: StopSignal
  /** What the call is a part of. */
  span?: Span | undefined
}

export type Called = { result: ToolResult; usage: ToolUsage }

/**
 * Calls a tool. Whatever goes wrong with arguments, credentials or the API is a result with `isError` that an agent can
 * act on.
 *
 * @returns undefined when the service has no such tool
 */
export const callTool = async (options: CallOptions): Promise<Called | undefined> => {
  const tool = prepare(options.service).tools.get(options.tool)
  if (!tool) return undefined
  const startedAt = performance.now()
  const span = options.span && beginCall(options.span, tool)
  const { result, status } = await attempt(tool, { ...options, span })
  span?.end(result.isError === true ? 'tool_error' : undefined)
  const usage: ToolUsage = {
    tool: tool.name,
    ok: result.isError !== true,
    ...(status === undefined ? {} : { status }),
    ms: Math.round(performance.now() - startedAt),
  }
  return { result, usage }
}

type Outcome = { result: ToolResult; status?: number }

const attempt = async (tool: Tool, options: CallOptions): Promise<Outcome> => {
  const { service, credentials } = options
  const renewal = credentials[RENEWAL]
  if (renewal !== undefined) return { result: toolError(renewal) }
  if (service.auth.type === 'unknown')
    return { result: toolError(`The config of ${service.displayName} does not say how a key is sent (auth.type, auth.inject), so nothing is. Its operator can mend that.`) } // prettier-ignore
  const checked = checkArguments(tool, options.args)
  if (!checked.ok) return { result: toolError(`${tool.name}: ${checked.problems.join('; ')}.`) }
  const missing = service.auth.fields.filter((field) => field.required && !credentials[field.name])
  if (missing.length > 0) {
    const names = missing.map((field) => field.name).join(', ')
    return { result: toolError(`${service.displayName} needs ${names}. ${renewalOf(service)}`) }
  }
  const mask = maskFor(service, credentials)
  try {
    const request = buildRequest({ service, tool, args: checked.args, credentials })
    if (options.span) request.trace = { span: options.span, service, tool, sent: 0, isElsewhere: false } // prettier-ignore
    const answer =
      service.name === ECHO
        ? echoAnswer(request, credentials)
        : await options.upstream.send(service, request, options.signal)
    const result = toToolResult({ service, answer, url: request.url, mask })
    return { result: withStructure(tool, result), status: answer.status }
  } catch (error) {
    return { result: toolError(mask(describeFailure(service, error))) }
  }
}

/** A client takes an answer without structure for a broken promise, where there is an output schema. */
const withStructure = (tool: Tool, result: ToolResult): ToolResult =>
  tool.outputSchema && result.isError !== true ? { structuredContent: {}, ...result } : result
