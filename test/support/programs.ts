import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A program of an operator's own: answers `/health` as its service, after and before whatever `body` does. */
export const writeProgram = (registry: string, service: string, body = ''): void => {
  mkdirSync(join(registry, service), { recursive: true })
  writeFileSync(
    join(registry, service, 'program.cjs'),
    `const answer = JSON.stringify({ service: process.env.MCP_TYPE, status: 'healthy' })
const server = require('node:http').createServer((_request, response) => response.end(answer))
server.listen(Number(process.env.PORT), '127.0.0.1')
${body}
`,
  )
}
