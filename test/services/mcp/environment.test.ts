import assert from 'node:assert/strict'
import { readHostEnvironment } from '../../../src/services/mcp/environment.ts'

const LEAST = {
  SERVICE_MODE: 'shared',
  BERTH_REGISTRY_FILE: 'registry.json',
  BERTH_HOST_KEY_FILE: 'host.key',
}

describe('the environment of a host', () => {
  it('of a packed host names its services; the ports are the registry’s', () => {
    const environment = readHostEnvironment({ ...LEAST, MCP_TYPES: 'a,b', PORT: '3000' })
    assert.deepEqual(environment.services, ['a', 'b'])
    assert.equal(environment.port, undefined)
    assert.equal(environment.allowPrivate, false)
    assert.equal(environment.sandboxUrl, undefined)
    assert.equal(environment.logLevel, 'info')
  })

  it('of a dedicated host names one, with its port', () => {
    const environment = readHostEnvironment({ ...LEAST, MCP_TYPE: 'a', PORT: '4100' })
    assert.deepEqual(environment.services, ['a'])
    assert.equal(environment.port, 4100)
  })

  it('takes whatever else PM2 puts there', () => {
    readHostEnvironment({ ...LEAST, MCP_TYPES: 'a', pm_id: '3', axm_options: '[object Object]' })
  })

  it('opens private addresses only for a word that says so', () => {
    const allow = (value: string) =>
      readHostEnvironment({ ...LEAST, MCP_TYPES: 'a', BERTH_ALLOW_PRIVATE: value }).allowPrivate
    assert.equal(allow('true'), true)
    assert.equal(allow('false'), false)
    assert.throws(() => allow('perhaps'), { code: 'config_invalid' })
  })

  it('names every problem at once', () => {
    assert.throws(
      () => readHostEnvironment({ SERVICE_MODE: 'dynamic', BERTH_LOG_LEVEL: 'loud' }),
      (error: Error) => {
        for (const name of [
          'SERVICE_MODE',
          'BERTH_REGISTRY_FILE',
          'BERTH_HOST_KEY_FILE',
          'BERTH_LOG_LEVEL',
        ])
          assert.match(error.message, new RegExp(`\n {2}${name}: `))
        return true
      },
    )
  })

  it('takes proxies in small letters or capitals, and says which address is none, unquoted', () => {
    const proxiesOf = (env: Record<string, string>) =>
      readHostEnvironment({ ...LEAST, MCP_TYPES: 'a', ...env }).proxies
    assert.deepEqual(
      proxiesOf({ HTTP_PROXY: 'http://one:1', https_proxy: 'two:2', no_proxy: 'a,b' }),
      { httpProxy: 'http://one:1', httpsProxy: 'http://two:2', noProxy: 'a,b' },
    )
    assert.deepEqual(proxiesOf({ HTTP_PROXY: '' }), { httpProxy: '', httpsProxy: '', noProxy: '' })
    for (const HTTPS_PROXY of ['ftp://anna:secret@proxy', 'http://', 'a b'])
      assert.throws(() => proxiesOf({ HTTPS_PROXY }), {
        code: 'config_invalid',
        message: /\n {2}HTTPS_PROXY: must be an address such as ((?!secret).)*$/,
      })
  })

  it('needs a service', () => {
    for (const MCP_TYPES of ['', ',', undefined])
      assert.throws(() => readHostEnvironment({ ...LEAST, MCP_TYPES }), {
        code: 'config_invalid',
        message: /names no service/,
      })
  })
})
