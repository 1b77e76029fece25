import { readBody } from './body.ts'
import { callTool } from './call.ts'
import { accept, keepAlive, refuseMethod, sendResult } from './hot-answer.ts'
import { readHotMessage, type HotMessage } from './hot-message.ts'
import { leaving } from './leaving.ts'
import type { McpExchange } from './mcp-exchange.ts'
import { prepare } from './prepared.ts'
import { reportUsage } from './usage.ts'

/**
 * Serves MCP streamable HTTP: the stateless revision of 2026-07-28 and the older ones, from one URL. It holds no state
 * between requests, so nothing is lost when the host restarts. What comes all day is answered here, in a tenth of the time;
 * the rest, and all that is wrong, by the SDK, which is loaded with the first such message.
 */
export const serveMcp = async (exchange: McpExchange): Promise<void> => {
  const { request, response } = exchange
  if (request.method !== 'POST') {
    refuseMethod(response)
    return
  }
  const body = await readBody(request)
  const message = readHotMessage(request.headers, body)
  if (message && (await answerHot(exchange, message))) return
  const { serveBySdk } = await import('./sdk.ts')
  await serveBySdk(exchange, body)
}

/** @returns false when it is not to be answered here after all */
const answerHot = async (exchange: McpExchange, message: HotMessage): Promise<boolean> => {
  const { service, response } = exchange
  const { tools, list, discover, initialize } = prepare(service)
  switch (message.kind) {
    case 'call':
      if (!tools.has(message.name)) return false
      await answerCall(exchange, message)
      return true
    case 'list':
      sendResult({ ...message, response }, list[message.era])
      return true
    case 'discover':
      sendResult({ ...message, response }, discover)
      return true
    case 'initialize':
      sendResult({ ...message, response }, initialize(message.version))
      return true
    case 'ping':
      sendResult({ ...message, response }, '{}')
      return true
    case 'notification':
      accept(response)
      return true
  }
}

const answerCall = async (
  exchange: McpExchange,
  { era, id, name, args }: Extract<HotMessage, { kind: 'call' }>,
): Promise<void> => {
  const { service, response, credentials, upstream } = exchange
  const endKeepAlive = keepAlive({ era, id, response })
  try {
    const signal = leaving(response)
    const called = await callTool({ service, tool: name, args, credentials, upstream, signal })
    if (!called || response.destroyed) return
    reportUsage(exchange, called.usage)
    const { modernMembers } = prepare(service)
    const result = era === 'modern' ? { ...called.result, ...modernMembers } : called.result
    sendResult({ era, id, response }, JSON.stringify(result))
  } finally {
    endKeepAlive()
  }
}
