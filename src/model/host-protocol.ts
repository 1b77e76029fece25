/** What a host answers at `GET /health` on a static port. */
export type HostHealth = {
  service: string
  status: 'healthy' | 'planned'
  tools: number
  pid: number
}

/** What a tool call over plain HTTP answers: an MCP CallToolResult. */
export type ToolResult = {
  content: { type: 'text'; text: string }[]
  structuredContent?: Record<string, unknown>
  isError?: boolean
}

/**
 * What a host says on a connection that it closes while it drains: nothing was done with a request that may be under way
 * on it, whatever its method, so the gateway may send it again elsewhere.
 */
export const UNPROCESSED_HEADER = 'x-berth-unprocessed'
