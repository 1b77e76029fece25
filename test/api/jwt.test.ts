import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose'
import { createVerifyJwt } from '../../src/api/jwt.ts'
import type { JwtSettings } from '../../src/base/jwt-settings.ts'
import { onEveryFront, JWT_SECRET } from '../support/front.ts'
import { errorOf } from '../support/http.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const ISSUER = 'https://app.test'
const key = (text: string) => new TextEncoder().encode(text)
type SignOptions = { secret?: string; expires?: string | number }
const sign = (claims: JWTPayload, { secret = JWT_SECRET, expires = '5m' }: SignOptions = {}) =>
  new SignJWT({ iss: ISSUER, aud: 'berth', ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime(expires)
    .sign(key(secret))
const now = () => Math.floor(Date.now() / 1_000)

onEveryFront("an integrator's JWTs", (front) => {
  const statusOf = async (jwt: string) => (await front().call(jwt, 'GET /user/instances')).status

  it('stand for the user that their issuer and subject are linked to, until unlinked', async () => {
    const { id } = await front().newUser()
    const jwt = await sign({ sub: `app|${id}` })
    const stranger = await front().call(jwt, 'GET /user/instances')
    assert.deepEqual([stranger.status, errorOf(stranger).code], [403, 'forbidden'])
    const identity = { issuer: ISSUER, subject: `app|${id}` }
    const linked = await front().callAsAdmin(`POST /admin/users/${id}/identities`, identity)
    assert.equal(linked.status, 204)
    assert.equal(await statusOf(jwt), 200)
    const other = await front().newUser()
    const taken = await front().callAsAdmin(`POST /admin/users/${other.id}/identities`, identity)
    assert.equal(errorOf(taken).code, 'identity_taken')
    const { body } = await front().callAsAdmin(`GET /admin/users/${id}/identities`)
    assert.deepEqual(body, { identities: [identity] })
    const query = new URLSearchParams(identity).toString()
    assert.equal((await front().callAsAdmin(`DELETE /admin/users/${id}/identities?${query}`)).status, 204) // prettier-ignore
    assert.equal(await statusOf(jwt), 403)
  })

  it('stand for nobody by email', async () => {
    const { email } = await front().newUser()
    assert.equal(await statusOf(await sign({ sub: email, email, email_verified: true })), 403)
  })

  it('stand for the user whose id is their subject, when it says so', async () => {
    const user = await front().newUser()
    const { path } = await front().newInstance(user, 'widgets', 'key')
    const { body } = await front().call(await sign({ sub: user.id }), 'GET /user/instances')
    assert.ok(JSON.stringify(body).includes(path))
    assert.equal(await statusOf(await sign({ sub: randomUUID() })), 403)
  })

  it('are 401 when anything about them is wrong', async () => {
    const { id: sub } = await front().newUser()
    const good = await sign({ sub })
    assert.equal(await statusOf(good), 200)
    const [head = '', body = '', mac = ''] = good.split('.')
    const wrong = {
      expired: await sign({ sub }, { expires: now() - 60 }),
      'without an end': await new SignJWT({ iss: ISSUER, aud: 'berth', sub }).setProtectedHeader({ alg: 'HS256' }).sign(key(JWT_SECRET)),
      'of tomorrow': await sign({ sub, nbf: now() + 3_600 }),
      'of another issuer': await sign({ sub, iss: 'https://other.test' }),
      'for another audience': await sign({ sub, aud: 'other' }),
      'without subject': await sign({}),
      'of another secret': await sign({ sub }, { secret: 'x'.repeat(64) }),
      'of another algorithm': await new SignJWT({ iss: ISSUER, aud: 'berth', sub }).setProtectedHeader({ alg: 'HS512' }).setExpirationTime('5m').sign(key(JWT_SECRET)),
      'of no algorithm': new UnsecuredJWT({ iss: ISSUER, aud: 'berth', sub }).setExpirationTime('5m').encode(),
      'without a signature': `${head}.${body}.`,
      'with another body': `${head}.${Buffer.from(JSON.stringify({ iss: ISSUER, aud: 'berth', sub, exp: now() + 99 })).toString('base64url')}.${mac}`,
      'too long': await sign({ sub, pad: 'x'.repeat(9_000) }),
    } // prettier-ignore
    for (const [what, jwt] of Object.entries(wrong)) assert.equal(await statusOf(jwt), 401, what)
    assert.equal(await statusOf(await sign({ sub }, { expires: now() - 10 })), 200, 'clocks differ')
  })

  it('have the scopes that they ask for, and admin only with the role', async () => {
    const { id: sub } = await front().newUser()
    const only = await sign({ sub, scope: 'openid berth:read' })
    assert.equal(await statusOf(only), 200)
    assert.equal((await front().call(only, 'DELETE /services/widgets/instance')).status, 403)
    const admin = await sign({ sub, scope: 'berth:admin' })
    assert.equal((await front().call(admin, 'GET /admin/users')).status, 403)
    await front().callAsAdmin(`PATCH /admin/users/${sub}`, { role: 'admin' })
    assert.equal((await front().call(admin, 'GET /admin/users')).status, 200)
  })
})

describe('JWTs signed with a key pair', () => {
  const folder = useTempFolder()
  const settings = (source: JwtSettings['source']): JwtSettings => ({ source, issuer: ISSUER, audience: undefined, subjectIsUserId: false }) // prettier-ignore

  /** Serves what it is given as a key set; `status` 200 by default. */
  const startKeySet = async () => {
    const state = { keys: [] as object[], status: 200, asked: 0 }
    const server = createServer((_request, response) => {
      state.asked += 1
      response.writeHead(state.status, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ keys: state.keys }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const stop = async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
    return { state, url: `http://127.0.0.1:${port}/jwks`, stop }
  }
  const newKey = async (kid: string, alg = 'ES256') => {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
    const jwk = { ...(await exportJWK(publicKey)), kid, alg }
    const signed = () =>
      new SignJWT({ iss: ISSUER, sub: 'anna' }).setProtectedHeader({ alg, kid }).setExpirationTime('5m').sign(privateKey) // prettier-ignore
    return { jwk, signed }
  }

  it('hold with a key of the set, which is fetched once', async () => {
    const set = await startKeySet()
    const [one, two] = [await newKey('1'), await newKey('2', 'RS256')]
    set.state.keys = [one.jwk, two.jwk]
    const verify = createVerifyJwt(settings({ kind: 'jwks', url: set.url }))
    const jwts = [await one.signed(), await two.signed(), await one.signed()]
    const claims = await Promise.all(jwts.map(verify))
    assert.deepEqual(claims.map((one) => one?.subject), ['anna', 'anna', 'anna']) // prettier-ignore
    assert.equal(set.state.asked, 1)
    const unknown = await newKey('3')
    assert.equal(await verify(await unknown.signed()), undefined)
    assert.equal(set.state.asked, 1, 'strangers do not make it ask again and again')
    await set.stop()
  })

  it('are refused when they are signed with the public key as a secret', async () => {
    const set = await startKeySet()
    const { jwk } = await newKey('1', 'RS256')
    set.state.keys = [jwk, { kty: 'oct', kid: 'shared', alg: 'HS256', k: Buffer.from('x'.repeat(32)).toString('base64url') }] // prettier-ignore
    const verify = createVerifyJwt(settings({ kind: 'jwks', url: set.url }))
    const forged = (secret: string, kid: string) =>
      new SignJWT({ iss: ISSUER, sub: 'anna' }).setProtectedHeader({ alg: 'HS256', kid }).setExpirationTime('5m').sign(key(secret)) // prettier-ignore
    assert.equal(await verify(await forged(JSON.stringify(jwk), '1')), undefined)
    assert.equal(await verify(await forged('x'.repeat(32), 'shared')), undefined)
    await set.stop()
  })

  it('wait with 503 while the key set cannot be fetched', async () => {
    const set = await startKeySet()
    set.state.status = 500
    const verify = createVerifyJwt(settings({ kind: 'jwks', url: set.url }))
    const { signed } = await newKey('1')
    await assert.rejects(verify(await signed()), { code: 'jwks_unavailable', status: 503 })
    await set.stop()
    await assert.rejects(verify(await signed()), { code: 'jwks_unavailable', status: 503 })
  })

  it('have no short secret, and none that others can read', () => {
    const file = (text: string, mode: number) => {
      const path = join(folder(), `secret-${mode}-${text.length}`)
      writeFileSync(path, text, { mode })
      return settings({ kind: 'secret', file: path })
    }
    assert.throws(() => createVerifyJwt(file('x'.repeat(31), 0o600)), { code: 'config_invalid' })
    assert.throws(() => createVerifyJwt(file('x'.repeat(32), 0o644)), { code: 'file_insecure' })
    createVerifyJwt(file('x'.repeat(32), 0o600))
  })
})
