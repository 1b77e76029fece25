import { AppError, messageOf, systemCodeOf } from '../../base/errors.ts'
import type { Credentials } from '../../model/host-credentials.ts'
import type { ToolResult } from '../../model/host-protocol.ts'
import { isSecretField, type Service } from '../../model/service.ts'
import { toolError, toToolResult } from './answer.ts'
import { checkArguments, type Arguments } from './arguments.ts'
import { ECHO, echoAnswer } from './echo.ts'
import { buildRequest } from './request.ts'
import type { Upstream } from './upstream.ts'

export type CallOptions = {
  service: Service
  tool: string
  args: Arguments
  credentials: Credentials
  upstream: Upstream
  /** Aborts when nobody waits for the result any more. */
  signal?: AbortSignal
}

/**
 * Calls a tool. Whatever goes wrong with arguments, credentials or the API is a result with `isError` that an agent can
 * act on.
 *
 * @returns undefined when the service has no such tool
 */
export const callTool = async (options: CallOptions): Promise<ToolResult | undefined> => {
  const { service, credentials } = options
  const tool = service.tools.find(({ name }) => name === options.tool)
  if (!tool) return undefined
  const checked = checkArguments(tool, options.args)
  if (!checked.ok) return toolError(`${tool.name}: ${checked.problems.join('; ')}.`)
  const missing = service.auth.fields.filter((field) => field.required && !credentials[field.name])
  if (missing.length > 0)
    return toolError(
      `${service.displayName} needs ${missing.map((field) => field.name).join(', ')}; the user enters it for this service.`,
    )
  try {
    const request = buildRequest({ service, tool, args: checked.args, credentials })
    const answer =
      service.name === ECHO
        ? echoAnswer(request, credentials)
        : await options.upstream.send(service, request, options.signal)
    return toToolResult(service.displayName, answer, secretsOf(service, credentials))
  } catch (error) {
    return toolError(describeFailure(service, error))
  }
}

/** The values that no answer may quote. An account's name or region is no secret, and may stand in any answer. */
const secretsOf = (service: Service, credentials: Credentials): Credentials => {
  const names = service.auth.fields.filter(isSecretField).map(({ name }) => name)
  return Object.fromEntries(Object.entries(credentials).filter(([name]) => names.includes(name)))
}

/** What network errors mean, by the code or name of the error or its cause. */
const FAILURES: readonly [RegExp, string][] = [
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'its host name does not resolve'],
  [/TIMEOUT|TIMEDOUT|TimeoutError/, 'it did not answer in time'],
  [/CERT|TLS|SSL|SELF_SIGNED/, 'its certificate is not accepted'],
]

const describeFailure = (service: Service, error: unknown): string => {
  if (error instanceof AppError) return error.message
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const code =
    systemCodeOf(error) ?? systemCodeOf(cause) ?? (error instanceof Error ? error.name : '')
  const meaning = FAILURES.find(([pattern]) => pattern.test(code))?.[1] ?? messageOf(cause)
  return `${service.displayName} cannot be reached: ${meaning} (${code}).`
}
