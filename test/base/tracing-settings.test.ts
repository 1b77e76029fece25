import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { environmentOf, readConfig } from '../../src/base/config.ts'
import { readOtlpHeaders } from '../../src/base/otlp.ts'
import { readTracing } from '../../src/base/tracing-settings.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const ON = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318/' }

describe('the settings of tracing', () => {
  const temp = useTempFolder()
  const fileOf = (text: string, mode = 0o600): string => {
    const file = join(temp(), `headers-${mode.toString(8)}`)
    writeFileSync(file, text)
    chmodSync(file, mode)
    return file
  }

  it('are none without the address of a collector, whatever else is said to other programs', () => {
    const others = { OTEL_TRACES_SAMPLER: 'jaeger_remote', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }
    assert.equal(readConfig({}).tracing, undefined)
    assert.equal(readConfig(others).tracing, undefined)
    assert.equal(readConfig({ ...ON, OTEL_SDK_DISABLED: 'true' }).tracing, undefined)
    assert.equal(readConfig({ ...ON, OTEL_TRACES_EXPORTER: 'none' }).tracing, undefined)
  })

  it("take a collector's address, or that for traces as it is", () => {
    assert.equal(readTracing(ON).settings?.url, 'http://127.0.0.1:4318/v1/traces')
    const own = { ...ON, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://c.test/here' }
    assert.equal(readTracing(own).settings?.url, 'https://c.test/here')
  })

  it('sample as OpenTelemetry names it', () => {
    const ratio = (sampler: string, arg: string) =>
      readTracing({ ...ON, OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: arg }).settings?.ratio // prettier-ignore
    assert.equal(readTracing(ON).settings?.ratio, 1)
    assert.equal(ratio('parentbased_traceidratio', '0.25'), 0.25)
    assert.equal(ratio('traceidratio', '0.5'), 0.5)
    assert.equal(ratio('always_on', '0.5'), 1)
    assert.equal(ratio('parentbased_always_off', '0.5'), 0)
  })

  it('go on to the daemon as they are, with the file and not what is in it', () => {
    const file = fileOf('authorization=Bearer%20s3cret-token\nx-tenant=a')
    const given = {
      ...ON,
      BERTH_OTLP_HEADERS_FILE: file,
      BERTH_TRACEPARENT_TO: 'figma, notion',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=prod,team=a%2Cb',
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.1',
    }
    const config = readConfig(given)
    const passed = environmentOf(config)
    assert.deepEqual(readConfig(passed).tracing, config.tracing)
    assert.ok(!JSON.stringify(passed).includes('s3cret'))
    assert.deepEqual(config.tracing?.outward, ['figma', 'notion'])
    assert.deepEqual(config.tracing.resource, { 'deployment.environment.name': 'prod', team: 'a,b' }) // prettier-ignore
    assert.deepEqual(readOtlpHeaders(config.tracing), { authorization: 'Bearer s3cret-token', 'x-tenant': 'a' }) // prettier-ignore
  })

  it('are refused all at once, without a word of what is in the file', () => {
    const { problems } = readTracing({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://me:pa55@c.test',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c.test/?token=pa55',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=pa55',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_TRACES_SAMPLER: 'sometimes',
      OTEL_TRACES_SAMPLER_ARG: '2',
      OTEL_RESOURCE_ATTRIBUTES: 'nothing',
      BERTH_OTLP_HEADERS_FILE: fileOf('authorization: pa55'),
    })
    assert.deepEqual(
      problems.map((problem) => problem.split(':')[0]).sort(),
      [
        'BERTH_OTLP_HEADERS_FILE', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_PROTOCOL',
        'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_RESOURCE_ATTRIBUTES', 'OTEL_TRACES_SAMPLER', 'OTEL_TRACES_SAMPLER_ARG',
      ],
    ) // prettier-ignore
    assert.ok(!problems.join().includes('pa55'), problems.join())
  })

  it('refuse a file that others can read, and what says nothing', () => {
    const wide = fileOf('a=b', 0o640)
    assert.match(readTracing({ ...ON, BERTH_OTLP_HEADERS_FILE: wide }).problems.join(), /chmod 600/)
    assert.match(readTracing({ ...ON, BERTH_OTLP_HEADERS_FILE: '/no/such' }).problems.join(), /ENOENT/) // prettier-ignore
    assert.throws(() => readConfig({ BERTH_TRACEPARENT_TO: 'figma' }), /without OTEL_EXPORTER/)
  })
})
