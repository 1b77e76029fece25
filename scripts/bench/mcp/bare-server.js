// A server of the MCP SDK as its documentation shows it: tools that call an API with the user's key.
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { request } from 'undici'
import { z } from 'zod'

const { PORT, UPSTREAM_URL, TOOLS } = process.env
const inputSchema = z.object({
  id: z.string().describe('Id of the item'),
  q: z.string().optional().describe('What to look for'),
})

const getItem = async ({ id, q = '' }) => {
  const url = `${UPSTREAM_URL}/items/${encodeURIComponent(id)}?q=${encodeURIComponent(q)}`
  const { body } = await request(url, { headers: { 'x-api-key': 'key' } })
  const item = await body.json()
  return { content: [{ type: 'text', text: JSON.stringify(item) }], structuredContent: item }
}

const makeServer = () => {
  const server = new McpServer({ name: 'items', version: '1' })
  const description = 'Gets one item by its id, and says what is known of it.'
  for (let index = 0; index < Number(TOOLS); index++)
    server.registerTool(`get_item_${index}`, { description, inputSchema }, getItem)
  return server
}

const handler = createMcpHandler(makeServer)

createServer(async (incoming, outgoing) => {
  const answer = await handler.fetch(
    new Request(`http://127.0.0.1:${PORT}${incoming.url}`, {
      method: incoming.method,
      headers: incoming.headers,
      body: Readable.toWeb(incoming),
      duplex: 'half',
    }),
  )
  outgoing.writeHead(answer.status, Object.fromEntries(answer.headers))
  if (answer.body) Readable.fromWeb(answer.body).pipe(outgoing)
  else outgoing.end()
}).listen(Number(PORT), '127.0.0.1', () => console.log('listening'))
