import assert from 'node:assert/strict'
import { filesWith } from '../support/files-with.ts'
import { useFleet } from '../support/fleet.ts'

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
    ])
    assert.equal(again, 'email_taken')
    return token
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
    assert.deepEqual(filesWith(fleet().home, KEY), [])
  })
})
