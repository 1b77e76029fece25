import { boundOutput } from './bound-output.ts'

/**
 * Loaded into an operator's own program before its first line (`node --import`): what it writes to stdout and stderr becomes
 * lines of the log like all others.
 */
const service = process.env['MCP_TYPE'] ?? ''
boundOutput(process.stdout, { service, level: 'info' })
boundOutput(process.stderr, { service, level: 'error' })
