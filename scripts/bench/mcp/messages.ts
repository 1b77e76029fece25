import type { Served } from './servers.ts'

export type Era = 'modern' | 'legacy'
export const METHODS = ['tools/call', 'tools/list'] as const
export type Method = (typeof METHODS)[number]

const META = 'io.modelcontextprotocol/'
const ENVELOPE = {
  [`${META}protocolVersion`]: '2026-07-28',
  [`${META}clientInfo`]: { name: 'bench', version: '1' },
  [`${META}clientCapabilities`]: {},
}

/** The bytes of one HTTP request, as a client of that era sends it. */
export const messageOfEra = (era: Era, method: Method, server: Served): Buffer => {
  const call =
    method === 'tools/call' ? { name: 'get_item_7', arguments: { id: 'i1', q: 'x' } } : {}
  const params = era === 'modern' ? { ...call, _meta: ENVELOPE } : call
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const headers: Record<string, string> = {
    host: new URL(server.url).host,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'mcp-protocol-version': era === 'modern' ? '2026-07-28' : '2025-11-25',
    ...(era === 'modern' ? { 'mcp-method': method } : {}),
    ...(era === 'modern' && 'name' in call ? { 'mcp-name': call.name } : {}),
    ...server.headers(),
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return Buffer.from(`POST /mcp HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
}
