// The peer that Berth is measured against: one service as its own plain server, the way the documentation of express and
// of the MCP SDK has it. PORT says where, SERVICE_CONFIG names the service's config.json.
import { readFileSync } from 'node:fs'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import express from 'express'
import { z } from 'zod'

const service = JSON.parse(readFileSync(process.env.SERVICE_CONFIG, 'utf8'))
const tools = service.tools ?? []

const TYPES = {
  string: () => z.string(),
  file: () => z.string(),
  number: () => z.number(),
  integer: () => z.number().int(),
  boolean: () => z.boolean(),
  array: () => z.array(z.unknown()),
  object: () => z.record(z.string(), z.unknown()),
}

const schemaOf = ({ type, required, description }) => {
  const schema = TYPES[type ?? 'string']().describe(description ?? '')
  return required ? schema : schema.optional()
}

const inputOf = (tool) =>
  z.object(
    Object.fromEntries(
      Object.entries(tool.parameters ?? {}).map(([name, parameter]) => [name, schemaOf(parameter)]),
    ),
  )

// Made once: a schema for each request would be waste that no careful author pays for.
const definitions = tools.map((tool) => ({ tool, inputSchema: inputOf(tool) }))

const callApi = async (tool, args) => {
  const path = tool.endpoint.replace(/\{(\w+)\}/g, (_match, name) => encodeURIComponent(args[name]))
  const hasBody = !['GET', 'HEAD', 'DELETE'].includes(tool.method)
  const answer = await fetch(service.api.baseURL + path, {
    method: tool.method,
    headers: { 'content-type': 'application/json' },
    ...(hasBody ? { body: JSON.stringify(args) } : {}),
  })
  return { content: [{ type: 'text', text: await answer.text() }], isError: !answer.ok }
}

const makeServer = () => {
  const server = new McpServer(
    { name: service.name, version: '1' },
    { capabilities: { tools: {} } },
  )
  for (const { tool, inputSchema } of definitions)
    server.registerTool(tool.name, { description: tool.description, inputSchema }, (args) =>
      callApi(tool, args),
    )
  return server
}

const mcp = createMcpHandler(makeServer)
const app = express()
app.use(express.json())

app.get('/health', (_request, response) => {
  const status = tools.length === 0 ? 'planned' : 'healthy'
  response.json({ service: service.name, status, tools: tools.length })
})

app.all('/mcp', async (request, response) => {
  const webRequest = new Request(`http://${request.headers.host}${request.url}`, {
    method: request.method,
    headers: request.headers,
  })
  const answer = await mcp.fetch(webRequest, { parsedBody: request.body })
  response.status(answer.status).set(Object.fromEntries(answer.headers))
  response.send(Buffer.from(await answer.arrayBuffer()))
})

app.listen(Number(process.env.PORT), '127.0.0.1')
