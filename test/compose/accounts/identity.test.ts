import assert from 'node:assert/strict'
import { readConfig } from '../../../src/base/config.ts'
import { silentLog } from '../../../src/base/log.ts'
import { warnOfOpenAudience } from '../../../src/compose/accounts/identity.ts'

describe('a key set of an integrator', () => {
  const warnings = (env: Record<string, string>) => {
    const said: string[] = []
    const log = { ...silentLog, warn: (event: string) => void said.push(event) }
    warnOfOpenAudience(readConfig(env), log)
    return said.length
  }
  const jwks = { BERTH_JWKS_URL: 'https://app.test/jwks' }

  it('is warned of when its JWTs for others are taken too', () => {
    assert.equal(warnings(jwks), 1)
    assert.equal(warnings({ ...jwks, BERTH_JWT_AUDIENCE: 'berth' }), 0)
    assert.equal(warnings({}), 0)
  })
})
