import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { filesWith } from '../support/files-with.ts'
import { useFleet } from '../support/fleet.ts'
import { waitUntil } from '../support/wait-until.ts'

type Instance = { instanceId: string; instanceUrl: string; serviceType: string; isActive: boolean }
type Made = { instanceId: string; instanceUrl: string; verification: string }
type Token = { id: string; token: string; expiresAt: string | null }

const KEY = 'key-of-nobody-5af1c0de'

describe('the commands for users, tokens and instances', function () {
  this.timeout(60_000)
  const fleet = useFleet({ services: ['alpha', 'beta'] })
  const refusal = async (args: string[], stdin = '') => {
    const { code, stdout } = await fleet().run([...args, '--json'], { stdin })
    assert.equal(code, 3, stdout)
    return (JSON.parse(stdout) as { code: string }).code
  }
  const of = (email: string, service: string) => ['--user', email, '--service', service]

  /** What must be the same with the daemon up and down. */
  const live = async (email: string): Promise<Token> => {
    const user = await fleet().json<{ id: string; email: string }>(['user', 'add', email])
    assert.equal(user.email, email)
    const [token, again] = await Promise.all([
      liveWithTokens(email),
      refusal(['user', 'add', email]),
      liveWithInstances(email),
      liveWithRoles(email),
      liveWithIdentities(email),
    ])
    assert.equal(again, 'email_taken')
    return token
  }

  const liveWithRoles = async (email: string): Promise<void> => {
    type User = { role: string; maxInstances: number | null }
    await fleet().json(['user', 'role', email, 'operator'])
    const limited = await fleet().json<User>(['user', 'limit', email, '3'])
    assert.deepEqual([limited.role, limited.maxInstances], ['operator', 3])
    await fleet().json(['user', 'role', email, 'user'])
    const free = await fleet().json<User>(['user', 'limit', email, 'none'])
    assert.deepEqual([free.role, free.maxInstances], ['user', null])
  }

  const liveWithIdentities = async (email: string): Promise<void> => {
    const identity = ['--issuer', 'https://app.berth.test', '--subject', `subject of ${email}`]
    await fleet().json(['user', 'link', email, ...identity])
    await fleet().json(['user', 'unlink', email, ...identity])
    assert.equal(await refusal(['user', 'unlink', email, ...identity]), 'not_found')
  }

  const enterClient = async (): Promise<void> => {
    const set = ['oauth', 'clients', 'set', 'beta', '--client-id', 'berth-1']
    const stored = await fleet().json(set, { stdin: KEY })
    assert.deepEqual(stored, { service: 'beta', clientId: 'berth-1', hasSecret: true })
    type Listed = { clients: Record<string, unknown>[]; redirectUri: string }
    const { clients, redirectUri } = await fleet().json<Listed>(['oauth', 'clients', 'list'])
    assert.equal(redirectUri, `${fleet().url}/oauth/callback`)
    const { updatedAt, ...client } = clients[0] ?? {}
    assert.deepEqual([client, clients.length, typeof updatedAt], [stored, 1, 'string'])
  }

  const liveWithInstances = async (email: string): Promise<void> => {
    const create = ['instance', 'create', ...of(email, 'alpha')]
    const made = await fleet().json<Made>(create, { stdin: `${KEY}\n` })
    assert.match(made.instanceId, /^alp_user_[0-9a-f]{8}_[0-9a-f]{6}$/)
    const form = new RegExp(`^${fleet().url}/${made.instanceId}_\\w{22}/alpha/mcp$`)
    assert.match(made.instanceUrl, form)
    const again = await fleet().json(create, { stdin: JSON.stringify({ api_key: KEY }) })
    assert.deepEqual(again, made, 'another key, the same URL')
    const list = ['instance', 'list', '--user', email]
    const { instances } = await fleet().json<{ instances: Instance[] }>(list)
    assert.deepEqual(
      instances.map((one) => [one.serviceType, one.instanceUrl, one.isActive]),
      [['alpha', made.instanceUrl, true]],
    )
    const rotated = await fleet().json<Made>(['instance', 'rotate', ...of(email, 'alpha')])
    assert.equal(rotated.instanceId, made.instanceId)
    assert.match(rotated.instanceUrl, form)
    assert.notEqual(rotated.instanceUrl, made.instanceUrl)
    await fleet().json(['instance', 'revoke', ...of(email, 'alpha')])
    const refused = await Promise.all([
      refusal(['instance', 'revoke', ...of(email, 'alpha')]),
      refusal(['instance', 'create', ...of(email, 'nothing')], KEY),
      refusal(['instance', 'list', '--user', 'nobody@berth.test']),
    ])
    assert.deepEqual(refused, ['not_found', 'service_unknown', 'user_unknown'])
  }

  const liveWithTokens = async (email: string): Promise<Token> => {
    const create = ['token', 'create', '--user', email]
    const kept = await fleet().json<Token>(create)
    assert.match(kept.token, /^brt_\w{40}$/)
    assert.equal(kept.expiresAt, null)
    const { id, expiresAt } = await fleet().json<Token>([...create, '--expires', '90d'])
    const days = (Date.parse(expiresAt ?? '') - Date.now()) / 86_400_000
    assert.ok(days > 89 && days <= 90, `${days} days`)
    assert.deepEqual(await fleet().json(['token', 'revoke', id]), { id, revoked: true })
    assert.equal(await refusal(['token', 'revoke', id]), 'not_found')
    const { stdout } = await fleet().run(['token', 'list', '--user', email, '--json'])
    const { tokens } = JSON.parse(stdout) as { tokens: { id: string }[] }
    assert.deepEqual(tokens.map((token) => token.id), [kept.id]) // prettier-ignore
    assert.equal(stdout.includes(kept.token), false, 'a token is shown once')
    return kept
  }

  before(() => {
    const oauth = {
      authorizationUrl: 'https://login.beta.test/authorize',
      tokenUrl: 'https://login.beta.test/token',
      scopes: ['read'],
    }
    const fields = [{ name: 'access_token', type: 'password', required: true, description: '' }] as const // prettier-ignore
    const inject = { headers: { Authorization: 'Bearer {{access_token}}' } }
    fleet().configure('beta', { auth: { type: 'oauth2', fields, inject, oauth } })
  })

  it('take keys by stdin only as a text or an object of texts', async () => {
    await fleet().json(['user', 'add', 'typist@berth.test'])
    const create = ['instance', 'create', ...of('typist@berth.test', 'alpha')]
    const given = ['  \n', '{"api_key":', '{"api_key":5}', '{"password":"x"}', 'two\nlines']
    const codes = await Promise.all(given.map((stdin) => refusal(create, stdin)))
    const invalid = 'credentials_invalid'
    assert.deepEqual(codes, [invalid, 'malformed_json', invalid, invalid, invalid])
  })

  it('work without a daemon', async () => {
    await live('down@berth.test')
    await enterClient()
    await fleet().json(['oauth', 'clients', 'remove', 'beta'])
    const signIn = ['instance', 'create', '--oauth', ...of('down@berth.test', 'beta')]
    const refused = await Promise.all([
      refusal(['oauth', 'clients', 'remove', 'beta']),
      refusal(['oauth', 'clients', 'set', 'alpha', '--client-id', 'x'], KEY),
    ])
    assert.deepEqual(refused, ['not_found', 'oauth_not_offered'])
    const { code, stdout } = await fleet().run(signIn)
    assert.equal(code, 1, 'nobody would be there to come back to')
    assert.equal(stdout, '')
  })

  it('work with a daemon, on the same data, at once', async () => {
    await fleet().json(['up'])
    const { users } = await fleet().json<{ users: { email: string }[] }>(['user', 'list'])
    assert.ok(users.some(({ email }) => email === 'down@berth.test'))
    const { token, id } = await live('up@berth.test')
    const ask = () =>
      fetch(`${fleet().url}/api/v1/user/instances`, {
        headers: { authorization: `Bearer ${token}` },
      })
    assert.equal((await ask()).status, 200)
    await fleet().json(['token', 'revoke', id])
    assert.equal((await ask()).status, 401)
    const { stdout } = await fleet().run(['user', 'list'])
    assert.match(
      stdout,
      /^EMAIL +ROLE +INSTANCES +ID\n(\S+@berth\.test +user +0 +[0-9a-f-]{36}\n){3}$/,
    )
    await enterClient()
    const create = ['instance', 'create', '--oauth', ...of('up@berth.test', 'beta')]
    const waiting = fleet().run([...create, '--json'])
    const admin = readFileSync(join(fleet().home, 'admin.token'), 'utf8').trim()
    await waitUntil('the sign-in began', async () => {
      const headers = { authorization: `Bearer ${admin}` }
      const answer = await fetch(`${fleet().url}/api/v1/admin/audit?action=oauth.start`, { headers }) // prettier-ignore
      return ((await answer.json()) as { entries: unknown[] }).entries.length === 1
    })
    // A second one takes its place, and the browser comes back from it while the command waits.
    const { authorizationUrl } = await fleet().json<{ authorizationUrl: string }>([...create, '--no-wait']) // prettier-ignore
    const { origin, searchParams } = new URL(authorizationUrl)
    assert.deepEqual([origin, searchParams.get('client_id')], ['https://login.beta.test', 'berth-1']) // prettier-ignore
    await fetch(`${fleet().url}/oauth/callback?error=access_denied&state=${searchParams.get('state') ?? ''}`) // prettier-ignore
    const { code, stdout: said, stderr } = await waiting
    assert.equal(code, 3)
    assert.match(said, /not granted/)
    assert.match(stderr, /https:\/\/login\.beta\.test\/authorize\?/)
    assert.deepEqual(filesWith(fleet().home, KEY), [])
  })
})
