import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readConfig } from '../../src/base/config.ts'
import { prepareHome } from '../../src/base/home.ts'
import { renderEcosystem } from '../../src/fleet/ecosystem.ts'
import { FINGERPRINT_VARIABLE } from '../../src/fleet/fingerprint.ts'
import { loadAdminToken, loadHostKey, loadWantedFleet } from '../../src/compose/fleet/wanted.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const PASSWORD = 'Zaunkoenig7'

describe('the environment of every process of the fleet', () => {
  const temp = useTempFolder()

  const loadFleet = async () => {
    const config = readConfig({
      BERTH_HOME: join(temp(), 'home'),
      DATABASE_URL: `postgres://berth:${PASSWORD}@127.0.0.1/berth`,
      BERTH_SERVICES: 'echo,figma,stripe',
      BERTH_HOSTS: '2',
      BERTH_SANDBOX_URL: 'http://127.0.0.1:9999',
      NODE_EXTRA_CA_CERTS: '/etc/ca.pem',
      AWS_SECRET_ACCESS_KEY: 'of the operator, not of Berth',
    })
    prepareHome(config.home, config.pm2Home)
    const secrets = [PASSWORD, loadAdminToken(config), loadHostKey(config).toString('base64')]
    return { config, fleet: await loadWantedFleet(config), secrets }
  }

  it('holds no secret, only the files where secrets are', async () => {
    const { config, fleet, secrets } = await loadFleet()
    const text = renderEcosystem(fleet.apps)
    for (const secret of secrets) assert.ok(!text.includes(secret), 'a secret stands in PM2’s file')
    assert.equal(readFileSync(config.home.hostKeyFile, 'utf8').trim(), secrets[2])
    assert.ok(text.includes(config.home.hostKeyFile))
    assert.ok(text.includes(config.home.databaseUrlFile))
  })

  it('holds nothing of the starter’s environment but what is named', async () => {
    const { fleet } = await loadFleet()
    const host = [
      'BERTH_CONTROL_SOCKET',
      'BERTH_CRASH_FILE',
      'BERTH_HOME',
      'BERTH_HOST_KEY_FILE',
      'BERTH_LOG_LEVEL',
      'BERTH_REGISTRY_FILE',
      'BERTH_SANDBOX_URL',
      'BERTH_SERVED_FILE',
      'BERTH_WORK_FILE',
      FINGERPRINT_VARIABLE,
      'MCP_TYPES',
      'NODE_EXTRA_CA_CERTS',
      'SERVICE_MODE',
    ]
    for (const app of fleet.apps.filter(({ name }) => name.startsWith('mcp-')))
      assert.deepEqual(Object.keys(app.env).sort(), host)
    assert.ok(!renderEcosystem(fleet.apps).includes('AWS_'))
  })

  it('keeps the database, its address and the admin token from the hosts', async () => {
    const { config, fleet } = await loadFleet()
    for (const app of fleet.apps.filter(({ name }) => name.startsWith('mcp-')))
      for (const file of [config.home.databaseUrlFile, config.masterKeyFile, config.adminTokenFile])
        assert.ok(!Object.values(app.env).includes(file), `${app.name} knows ${file}`)
  })
})
