import { messageOf } from '../base/errors.ts'
import { askPort } from './http.ts'

const MAX_BYTES = 8 * 1024 * 1024
const BODY = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} })
const HEADERS = {
  'Content-Type': 'application/json',
  Accept: 'application/json, text/event-stream',
}

/** Asks for the tools as a client would. @returns what is wrong, undefined when they come */
export const listToolsOf = async (
  port: number,
  deadlineMs: number,
): Promise<string | undefined> => {
  try {
    const request = { port, path: '/mcp', headers: HEADERS, body: BODY, deadlineMs }
    const { status, body } = await askPort({ ...request, maxBytes: MAX_BYTES })
    if (status !== 200) return `tools/list answered ${status}`
    return /"tools"\s*:\s*\[/.test(body) ? undefined : 'tools/list answered without tools'
  } catch (error) {
    return `tools/list: ${messageOf(error)}`
  }
}
