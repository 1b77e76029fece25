import { readBody } from './body.ts'
import { callTool } from './call.ts'
import { cancelCall, nameConversation, noteCall } from './conversations.ts'
import { accept, endUnanswered, keepAlive, refuseMethod, sendResult } from './hot-answer.ts'
import { readHotMessage, type HotMessage } from './hot-message.ts'
import { stopAtLeaving } from './leaving.ts'
import type { McpExchange } from './mcp-exchange.ts'
import { prepare } from './prepared.ts'
import { countUsage } from './usage.ts'

/**
 * Serves MCP streamable HTTP: the stateless revision of 2026-07-28 and the older ones, from one URL. It holds no state
 * between requests, so nothing is lost when the host restarts. What comes all day is answered here, in a tenth of the time;
 * the rest, and all that is wrong, by the SDK, which is loaded with the first such message.
 */
export const serveMcp = async (exchange: McpExchange): Promise<void> => {
  const { service, request, response } = exchange
  if (request.method !== 'POST') {
    refuseMethod(response)
    return
  }
  const body = await readBody(request)
  const message = readHotMessage(request.headers, body)
  if (message?.kind === 'call' && prepare(service).tools.has(message.name))
    await answerCall(exchange, message)
  else if (message && message.kind !== 'call') answerPrepared(exchange, message)
  else await (await import('./sdk.ts')).serveBySdk(exchange, body)
}

type Call = Extract<HotMessage, { kind: 'call' }>

const answerPrepared = (
  { service, request, response }: McpExchange,
  message: Exclude<HotMessage, Call>,
): void => {
  const { list, discover, initialize } = prepare(service)
  switch (message.kind) {
    case 'list':
      sendResult({ ...message, response }, list[message.era])
      return
    case 'discover':
      sendResult({ ...message, response }, discover)
      return
    case 'initialize':
      for (const [name, value] of Object.entries(nameConversation()))
        response.setHeader(name, value)
      sendResult({ ...message, response }, initialize(message.version))
      return
    case 'ping':
      sendResult({ ...message, response }, '{}')
      return
    case 'notification':
      if (message.cancels !== undefined) cancelCall(request.headers, message.cancels)
      accept(response)
  }
}

const answerCall = async (
  exchange: McpExchange,
  { era, id, name, args, progressToken }: Call,
): Promise<void> => {
  const { service, request, response, credentials, upstream, span } = exchange
  const endKeepAlive = keepAlive({ era, id, response }, progressToken)
  const { signal, abort } = stopAtLeaving(response)
  const cancel = () => abort(new DOMException('the client cancelled the call', 'AbortError'))
  const forget = era === 'legacy' ? noteCall(request.headers, id, cancel) : undefined
  try {
    const called = await callTool({
      service,
      tool: name,
      args,
      credentials,
      upstream,
      signal,
      span,
    })
    if (!called || response.destroyed) return
    const { modernMembers } = prepare(service)
    const result = era === 'modern' ? { ...called.result, ...modernMembers } : called.result
    const reported = countUsage(exchange, called.usage)
    // Nobody expects an answer to what was cancelled.
    if (signal.aborted) endUnanswered(response, reported)
    else sendResult({ era, id, response }, JSON.stringify(result), reported)
  } finally {
    endKeepAlive()
    forget?.()
  }
}
