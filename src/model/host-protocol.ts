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
