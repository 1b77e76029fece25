import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Service } from '../../src/model/service.ts'
import { makeService } from './services.ts'
import { makeTool } from './tools.ts'

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64',
)
const WAV = Buffer.from('UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=', 'base64')

/** What the suite's tools answer; each is one call of an API here. */
const ANSWERS: Readonly<Record<string, { status?: number; type: string; body: string | Buffer }>> =
  {
    test_simple_text: { type: 'text/plain', body: 'This is a simple text response for testing.' },
    test_image_content: { type: 'image/png', body: PNG },
    test_audio_content: { type: 'audio/wav', body: WAV },
    test_embedded_resource: { type: 'application/pdf', body: Buffer.from('%PDF-1.4\n\xff', 'latin1') }, // prettier-ignore
    // Of a server that could ask back or log; what it must not do shows here too.
    test_streaming_elicitation: { type: 'text/plain', body: 'Nothing was asked.' },
    test_logging_tool: { type: 'text/plain', body: 'Nothing was logged.' },
    test_error_handling: { status: 500, type: 'text/plain', body: 'This tool intentionally fails' },
  }

/** An API with what the conformance suite wants to call, and the service that stands for it. */
export const startConformanceService = async (port: number) => {
  const server = createServer((request, response) => {
    const { status = 200, type = 'text/plain', body = '' } = ANSWERS[request.url?.slice(1) ?? ''] ?? { status: 404 } // prettier-ignore
    response.writeHead(status, { 'content-type': type }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port: apiPort } = server.address() as AddressInfo
  const service: Service = makeService({
    port,
    api: { baseURL: `http://127.0.0.1:${apiPort}`, version: '', documentation: '' },
    tools: Object.keys(ANSWERS).map((name) =>
      makeTool({ name, description: `Answers ${name}.`, endpoint: `/${name}` }),
    ),
  })
  const stop = () => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  }
  return { service, stop }
}
