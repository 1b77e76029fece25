import assert from 'node:assert/strict'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { hashSecret, instanceUrl, makeHandle } from '../../../src/model/instance.ts'
import { loadRegistry } from '../../../src/registry/load.ts'
import { PRIVATE_SERVICES, type PrivateService } from '../../fixtures/private-services.ts'
import { findFreePorts } from '../../support/free-ports.ts'
import { makeInstance, SECRET, startGateway } from '../../support/gateway.ts'
import { startHostHere } from '../../support/host.ts'
import { startRecorder } from '../../support/recorder.ts'
import { useRegistries } from '../../support/registries.ts'
import { useTempFolder } from '../../support/temp-folder.ts'

const USER = '1a2b3c4d-0000-4000-8000-000000000000'

describe('services that nobody here has seen', () => {
  const makeRegistry = useRegistries()
  const folder = useTempFolder()
  let recorder: Awaited<ReturnType<typeof startRecorder>>
  let stop: () => Promise<void>
  let urlOf: (service: PrivateService) => URL

  before(async () => {
    recorder = await startRecorder()
    const configs = PRIVATE_SERVICES.map(({ name, config }, index) => [
      name,
      { name, port: 41_000 + index, api: { baseURL: 'https://api.widgets.test/v1' }, ...config },
    ])
    const { services } = loadRegistry(makeRegistry(Object.fromEntries(configs) as object as Record<string, unknown>)) // prettier-ignore
    const ports = await findFreePorts(services.length)
    const served = services.map((service, index) => ({ ...service, port: ports[index] ?? 0 }))
    const env = { BERTH_SANDBOX_URL: recorder.url }
    const host = await startHostHere({ folder: folder(), services: served, env })
    const instances = PRIVATE_SERVICES.map(({ name, credentials }) =>
      makeInstance({
        handle: makeHandle(name, USER),
        service: name,
        secretHash: hashSecret(SECRET),
        sealedCredentials: JSON.stringify(credentials),
      }),
    )
    const gateway = await startGateway({
      ports: Object.fromEntries(served.map(({ name, port }) => [name, port])),
      instances,
      hostKey: host.hostKey,
    })
    urlOf = ({ name }) => {
      const handle = instances.find(({ service }) => service === name)?.handle ?? ''
      return new URL(instanceUrl(gateway.url, { handle, secret: SECRET, service: name }))
    }
    stop = async () => {
      await gateway.stop()
      await host.stop()
      await recorder.stop()
    }
  })
  after(() => stop())

  for (const service of PRIVATE_SERVICES)
    it(`is called as its config says: ${service.title}`, async () => {
      const client = new Client({ name: 'test', version: '1' })
      await client.connect(new StreamableHTTPClientTransport(urlOf(service)))
      for (const { tool, args, sent, refused } of service.calls) {
        recorder.requests.splice(0)
        const result = await client.callTool({ name: tool, arguments: args })
        const said = JSON.stringify(result.content)
        if (refused) {
          assert.match(said, refused)
          assert.deepEqual([result.isError, recorder.requests], [true, []])
          continue
        }
        const [request, ...more] = recorder.requests
        assert.ok(request && more.length === 0, said)
        const headers = Object.fromEntries(Object.keys(sent?.headers ?? {}).map((name) => [name, request.headers[name]])) // prettier-ignore
        assert.deepEqual(
          { request: `${request.method} ${request.url.slice(service.name.length + 1)}`, headers, body: request.body }, // prettier-ignore
          { headers: {}, body: '', ...sent },
        )
      }
      await client.close()
    })
})
