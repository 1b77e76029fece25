import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { readConfig } from '../../../src/base/config.ts'
import { prepareHome } from '../../../src/base/home.ts'
import { silentLog } from '../../../src/base/log.ts'
import { createKeyChecks, credentialsForHost } from '../../../src/compose/keys/checks.ts'
import type { Service } from '../../../src/model/service.ts'
import { composeAccounts, prepareDatabase } from '../../../src/compose/accounts/open.ts'
import { findClaimedInstance } from '../../../src/store/instances.ts'
import { onEveryDatabase } from '../../support/databases.ts'
import { findFreePorts } from '../../support/free-ports.ts'
import { startHostHere } from '../../support/host.ts'
import { send } from '../../support/http.ts'
import { startRecorder, type RecordedAnswer } from '../../support/recorder.ts'
import { makeService } from '../../support/services.ts'
import { useTempFolder } from '../../support/temp-folder.ts'
import { makeTool } from '../../support/tools.ts'

const recipe = { method: 'GET', endpoint: '/me', expect: 200, account: 'login' } as const

onEveryDatabase('entering a key', (database) => {
  const folder = useTempFolder()
  let api: Awaited<ReturnType<typeof startRecorder>>
  let answer: RecordedAnswer
  let world: Awaited<ReturnType<typeof makeWorld>>

  const makeWorld = async () => {
    const [one = 0, two = 0, nobody = 0] = await findFreePorts(3)
    const { auth } = makeService()
    const tools = [makeTool({ name: 'list_items' })]
    const services: Service[] = [
      makeService({ port: one, tools, auth: { ...auth, verify: recipe } }),
      makeService({ name: 'gadgets', port: two, tools }),
      makeService({ name: 'asleep', port: nobody, tools, auth: { ...auth, verify: recipe } }),
    ]
    const [widgets = makeService(), ...more] = services
    const env = { BERTH_SANDBOX_URL: api.url }
    const host = await startHostHere({ folder: folder(), services: [widgets, more[0]!], env })
    const config = readConfig({
      BERTH_HOME: join(folder(), randomBytes(4).toString('hex')),
      ...env,
    })
    prepareHome(config.home, config.pm2Home)
    const vault = await prepareDatabase(config, database())
    const changed: string[] = []
    const shared = { database: database(), vault, services: () => services, onInstanceChange: (handle: string) => changed.push(handle) } // prettier-ignore
    const portOf = (name: string) => services.find((service) => service.name === name)?.port
    const recordEvent = () => undefined
    const checks = createKeyChecks({ ...shared, portOf, hostKey: host.hostKey, recordEvent, log: silentLog }) // prettier-ignore
    const accounts = composeAccounts({ ...shared, config, checks })
    /** What a tool answers through an instance, as the gateway would call it. */
    const callTool = async (handle: string, { userId }: { userId: string }) => {
      const instance = await findClaimedInstance(database(), { handle, userId })
      assert.ok(instance)
      const headers = host.sealed(
        widgets,
        credentialsForHost({ vault, baseUrl: config.baseUrl }, instance),
      )
      const { body } = await send(host.urlOf(widgets), '/tools/list_items', {
        method: 'POST',
        headers,
        body: {},
      })
      return body as { isError?: boolean; content: [{ text: string }] }
    }
    return { accounts, host, changed, checks, callTool, widgets }
  }

  before(async () => {
    api = await startRecorder(() => answer)
    world = await makeWorld()
  })
  after(async () => {
    await world.host.stop()
    await api.stop()
  })
  beforeEach(() => {
    answer = { body: '{"login":"anna"}' }
    api.requests.splice(0)
  })

  const newUser = async () =>
    (await world.accounts.addUser(`${randomBytes(5).toString('hex')}@example.com`)).id
  const enter = async (apiKey: string, owner: { userId: string; service: string }) =>
    world.accounts.authenticate(owner, { apiKey })
  const rowsOf = (userId: string) =>
    database().query('select * from user_service_instances where user_id = $1', [userId])

  it('stores one that works, with the name of its account', async () => {
    const owner = { userId: await newUser(), service: 'widgets' }
    const made = await enter('sk-1', owner)
    assert.deepEqual([made.verification, made.account], ['valid', 'anna'])
    assert.equal(api.requests.length, 1)
    assert.equal(api.requests[0]?.url, '/widgets/v1/me')
    assert.equal(api.requests[0].headers['x-api-key'], 'sk-1')
    const view = await world.accounts.getInstance(owner)
    assert.deepEqual([view.verification, view.account], ['valid', 'anna'])
    assert.ok(view.verifiedAt)
  })

  it('stores nothing of one that is refused, and keeps the one before', async () => {
    const owner = { userId: await newUser(), service: 'widgets' }
    answer = { status: 401 }
    const refused = (error: unknown) => {
      assert.match(String(error), /nothing was stored/)
      assert.doesNotMatch(String(error), /sk-/)
      return (error as { code?: string }).code === 'credentials_refused'
    }
    await assert.rejects(enter('sk-bad', owner), refused)
    assert.deepEqual(await rowsOf(owner.userId), [])
    answer = { body: '{"login":"anna"}' }
    await enter('sk-good', owner)
    const before = await rowsOf(owner.userId)
    answer = { body: '{"ok":false}' }
    await assert.rejects(enter('sk-worse', owner), refused)
    assert.deepEqual(await rowsOf(owner.userId), before)
  })

  it('stores one that nobody can be asked about now, and asks by schedule', async () => {
    const owner = { userId: await newUser(), service: 'widgets' }
    for (const status of [429, 500]) {
      answer = { status }
      const made = await enter('sk-1', owner)
      assert.deepEqual([made.verification, made.account], ['unreachable', undefined])
    }
    answer = { body: '{"login":"anna"}' }
    await database().query(`update user_service_instances set check_at = now() where user_id = $1`, [owner.userId]) // prettier-ignore
    await world.checks.rechecks.sweep()
    assert.equal((await world.accounts.getInstance(owner)).verification, 'valid')
    const asleep = await enter('sk-1', { userId: owner.userId, service: 'asleep' })
    assert.equal(asleep.verification, 'unreachable')
  })

  it('stores one of a service without a recipe, and calls nobody', async () => {
    const made = await enter('sk-1', { userId: await newUser(), service: 'gadgets' })
    assert.equal(made.verification, 'unverifiable')
    assert.ok(!('account' in made))
    assert.deepEqual(api.requests, [])
  })

  it('marks one that stops working: its tools say how to renew it, until a new one is entered', async () => {
    const owner = { userId: await newUser(), service: 'widgets' }
    const { instanceId, instanceUrl } = await enter('sk-1', owner)
    assert.equal((await world.callTool(instanceId, owner)).isError, undefined)
    answer = { status: 403 }
    const asked = await world.accounts.verify(owner)
    assert.equal(asked.verification, 'invalid')
    assert.ok(world.changed.includes(instanceId))
    api.requests.splice(0)
    const told = await world.callTool(instanceId, owner)
    assert.equal(told.isError, true)
    assert.match(
      told.content[0].text,
      /no longer works.*POST http.*\/services\/widgets\/authenticate/,
    )
    assert.deepEqual(api.requests, [], 'the refused key goes nowhere')
    answer = { status: 503 }
    assert.equal((await world.accounts.verify(owner)).verification, 'unreachable')
    assert.equal((await world.accounts.getInstance(owner)).verification, 'invalid')
    answer = { body: '{"login":"ben"}' }
    const renewed = await enter('sk-2', owner)
    assert.equal(renewed.instanceUrl, instanceUrl)
    assert.equal((await world.callTool(instanceId, owner)).isError, undefined)
    const keys = api.requests.map(({ headers }) => headers['x-api-key'])
    assert.deepEqual(
      keys,
      ['sk-1', 'sk-2', 'sk-2'],
      'asked again with the old one, entered, called',
    )
  })

  it('is asked about when its instance is resumed, since a paused one is not', async () => {
    const owner = { userId: await newUser(), service: 'widgets' }
    await enter('sk-1', owner)
    await world.accounts.setActive(owner, false)
    answer = { status: 401 }
    await database().query('update user_service_instances set check_at = now() where user_id = $1', [owner.userId]) // prettier-ignore
    api.requests.splice(0)
    await world.checks.rechecks.sweep()
    assert.deepEqual(api.requests, [])
    await database().query(`update user_service_instances set check_at = now() + interval '1 day' where user_id = $1`, [owner.userId]) // prettier-ignore
    await world.accounts.setActive(owner, true)
    await world.checks.rechecks.sweep()
    assert.equal(api.requests.length, 1)
  })

  it('is nobody’s through the host without the daemon’s own header', async () => {
    const { host, widgets } = world
    const headers = host.sealed(widgets, { api_key: 'sk-1' })
    const { status } = await send(host.urlOf(widgets), '/verify', { method: 'POST', headers })
    assert.equal(status, 404)
    const forged = { 'x-berth-verify': '1', 'x-berth-credentials': '1.AAAA' }
    const refused = await send(host.urlOf(widgets), '/verify', { method: 'POST', headers: forged })
    assert.equal(refused.status, 401)
    assert.deepEqual(api.requests, [])
  })
})
