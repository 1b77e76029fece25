import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startConformanceService } from '../support/conformance-service.ts'
import { fetchSuite, runSuite } from '../support/conformance-suite.ts'
import { findFreePorts } from '../support/free-ports.ts'
import { INSTANCE_PATH, startGateway } from '../support/gateway.ts'
import { spawnHost } from '../support/host.ts'
import { useTempFolder } from '../support/temp-folder.ts'

type Expected = { reason: string; checks: string[] }

const BASELINE = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/conformance-baseline.json'), 'utf8'),
) as Expected[]

/** What a server that only has tools must pass, whatever else is added to the baseline one day. */
const NEVER_EXPECTED =
  /^(tools-list|tools-call-(simple-text|image|audio|embedded-resource|error)|dns-rebinding|http-header|localhost-)/

describe('the official conformance suite, at an instance URL', () => {
  const folder = useTempFolder()
  let suite: Awaited<ReturnType<typeof fetchSuite>>
  let api: Awaited<ReturnType<typeof startConformanceService>>
  let host: Awaited<ReturnType<typeof spawnHost>>
  let gateway: Awaited<ReturnType<typeof startGateway>>
  const failed = new Set<string>()

  before(async function () {
    this.timeout(300_000)
    suite = await fetchSuite()
    const [port = 0] = await findFreePorts(1)
    api = await startConformanceService(port)
    host = await spawnHost({ folder: folder(), services: [api.service] })
    gateway = await startGateway({ ports: { widgets: port }, hostKey: host.hostKey })
  })
  after(async () => {
    await gateway.stop()
    await host.stop()
    await api.stop()
  })

  for (const revision of ['2025-11-25', '2026-07-28'])
    it(`finds no failure without a reason for ${revision}`, async function () {
      this.timeout(180_000)
      const url = `${gateway.url}${INSTANCE_PATH}/mcp`
      const checks = await runSuite(suite, { url, revision, folder: folder() })
      assert.ok(checks.filter(({ status }) => status === 'SUCCESS').length >= 15)
      const failures = checks.filter(({ status }) => status === 'FAILURE')
      failures.forEach(({ id }) => failed.add(id))
      const expected = new Set(BASELINE.flatMap((group) => group.checks))
      const surprises = failures.filter(({ id }) => !expected.has(id) || NEVER_EXPECTED.test(id))
      assert.deepEqual(surprises, [])
    })

  it('fails wherever the baseline says so, and each of those has its reason', () => {
    for (const { reason } of BASELINE) assert.match(reason, /^[A-Z].{20,}\.$/)
    const passed = BASELINE.flatMap(({ checks }) => checks).filter((id) => !failed.has(id))
    assert.deepEqual(passed, [], 'take these out of the baseline')
  })
})
