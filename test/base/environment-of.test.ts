import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { environmentOf, readConfig } from '../../src/base/config.ts'
import { useTempFolder } from '../support/temp-folder.ts'

describe('environmentOf', () => {
  const temp = useTempFolder()

  const CHOSEN = {
    HOST: '127.0.0.2',
    PORT: '3001',
    BASE_URL: 'https://berth.test',
    BERTH_SERVICES: 'figma,echo',
    BERTH_HOSTS: '3',
    BERTH_ISOLATION: 'dedicated',
    BERTH_LOG_DAYS: '7',
    BERTH_LOG_FILES: '0',
    BERTH_LOG_FILE_MB: '20',
    BERTH_LOG_FORMAT: 'json',
    BERTH_LOG_LEVEL: 'debug',
    BERTH_LOG_TOTAL_MB: '500',
    BERTH_SANDBOX_URL: 'http://127.0.0.1:9',
    BERTH_ALLOWED_HOSTS: 'a.test,b.test:8080',
    BERTH_ALLOW_PRIVATE: 'true',
    BERTH_AUDIT_RETENTION_DAYS: '365',
    BERTH_JWKS_URL: 'https://app.test/jwks',
    BERTH_JWT_ISSUER: 'https://app.test',
    BERTH_JWT_AUDIENCE: 'berth',
    BERTH_JWT_SUB_IS_USER_ID: 'true',
    BERTH_MASTER_KEY_FILE: '/srv/keys/master',
    BERTH_ADMIN_TOKEN_FILE: '/srv/keys/admin',
    BERTH_REGISTRY_DIR: '/srv/registry',
    PM2_HOME: '/srv/pm2',
    NODE_EXTRA_CA_CERTS: '/etc/ca.pem',
    https_proxy: 'http://proxy.test:3128',
  }

  it('makes the same Config again, whatever was chosen', () => {
    for (const env of [{ BERTH_HOME: temp() }, { ...CHOSEN, BERTH_HOME: temp() }])
      assert.deepEqual(readConfig(environmentOf(readConfig(env))), readConfig(env))
  })

  it('names every setting that was chosen', () => {
    assert.deepEqual(environmentOf(readConfig({ ...CHOSEN, BERTH_HOME: temp() })), {
      ...CHOSEN,
      BERTH_HOME: temp(),
    })
  })

  it('hands the address of the database on as the name of a file', () => {
    const url = 'postgres://u:geheim@db.test/berth'
    const config = readConfig({ BERTH_HOME: temp(), DATABASE_URL: url })
    const env = environmentOf(config)
    assert.equal(env['DATABASE_URL_FILE'], config.home.databaseUrlFile)
    assert.ok(!JSON.stringify(env).includes('geheim'))
    writeFileSync(config.home.databaseUrlFile, url)
    assert.deepEqual(readConfig(env), config)
  })

  it('leaves out what is nobody’s business', () => {
    const env = environmentOf(readConfig({ BERTH_HOME: temp(), GITHUB_TOKEN: 'geheim' }))
    assert.ok(!('GITHUB_TOKEN' in env))
  })
})
