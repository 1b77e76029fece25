import { Client as McpClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { Command } from 'commander'
import { readConfig } from '../../base/config.ts'
import { AppError } from '../../base/errors.ts'
import { packageVersion } from '../../compose/fleet/wanted.ts'
import { createClient, type Client } from '../client.ts'
import { requireDaemon } from '../daemon-client.ts'
import { bold, print } from '../output.ts'

const EMAIL = 'demo@example.com'
const DEMO_KEY = 'demo-key-of-nobody'

export const add = (program: Command): void => {
  program
    .command('demo')
    .description('a user, a key, a tool call through an own URL, step by step; needs no API key')
    .action(async () => {
      const config = readConfig()
      const admin = await requireDaemon(config)
      await addDemoUser(admin)
      step(1, `The operator adds a user: ${EMAIL}`)

      const { id, token } = await admin.post<{ id: string; token: string }>(
        '/api/v1/admin/tokens',
        { email: EMAIL },
      )
      step(2, 'The user gets a token for the HTTP API (revoked again at the end of this demo)')

      const user = createClient(config.baseUrl, token)
      const made = await user.post<{ instanceId: string; instanceUrl: string }>(
        '/api/v1/services/echo/authenticate',
        { apiKey: DEMO_KEY },
      )
      step(
        3,
        `The user enters an API key for the service "echo", once. It is sealed; instance ${made.instanceId}`,
      )

      step(4, `The user pastes this URL into an MCP client:\n     ${bold(made.instanceUrl)}`)
      await callEcho(made.instanceUrl, packageVersion(config))
      await admin.delete(`/api/v1/admin/tokens/${id}`)
      print('\nThe URL keeps working. Paste it into Claude, Cursor or VS Code; end it with:')
      print(`  npx berth instance revoke --user ${EMAIL} --service echo`)
    })
}

const step = (number: number, text: string): void => print(`${bold(`${number}.`)}  ${text}`)

const addDemoUser = async (admin: Client): Promise<void> => {
  try {
    await admin.post('/api/v1/admin/users', { email: EMAIL })
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'email_taken')) throw error
  }
}

const callEcho = async (url: string, version: string): Promise<void> => {
  const client = new McpClient({ name: 'berth-demo', version })
  await client.connect(new StreamableHTTPClientTransport(new URL(url)))
  try {
    const { tools } = await client.listTools()
    step(5, `The client lists the tools: ${tools.map((tool) => tool.name).join(', ')}`)
    const result = await client.callTool({
      name: 'send_message',
      arguments: { text: 'hello from the demo' },
    })
    step(6, 'The client calls send_message; this is what an API would have received:')
    for (const block of result.content) if (block.type === 'text') print(indent(pretty(block.text)))
    print(
      '     The header X-Api-Key carried the user\'s key; "[api_key]" stands for it, since echo never shows keys.',
    )
  } finally {
    await client.close()
  }
}

const pretty = (text: string): string => JSON.stringify(JSON.parse(text), undefined, 2)
const indent = (text: string): string => text.replace(/^/gm, '     ')
