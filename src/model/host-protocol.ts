/** What a host answers at `GET /health` on a static port. */
export type HostHealth = {
  service: string
  status: 'healthy' | 'planned'
  tools: number
  pid: number
  /** Only when it was asked for: whether the service's API can be reached. */
  upstream?: { ok: boolean; reason?: string }
}

/** On `GET /health`: also look whether the API can be reached, for at most so many milliseconds. The gateway strips it from what clients send. */
export const DEEP_HEADER = 'x-berth-deep'

/** A part of what a tool answers, as MCP has them. */
export type ContentBlock =
  | { type: 'text'; text: string }
  | { type: 'image' | 'audio'; data: string; mimeType: string }
  | { type: 'resource'; resource: { uri: string; mimeType: string; blob: string } }

/** What a tool call over plain HTTP answers: an MCP CallToolResult. */
export type ToolResult = {
  content: ContentBlock[]
  structuredContent?: Record<string, unknown>
  isError?: boolean
}

/**
 * What a host says on a connection that it closes while it drains: nothing was done with a request that may be under way
 * on it, whatever its method, so the gateway may send it again elsewhere.
 */
export const UNPROCESSED_HEADER = 'x-berth-unprocessed'

/** By which a host reports a tool call to the gateway; one line of JSON. Absent where a stream began before its end. */
export const USAGE_HEADER = 'x-berth-usage'

export type ToolUsage = {
  tool: string
  ok: boolean
  /** HTTP status of the API's answer; absent when there was none. */
  status?: number
  ms: number
}
