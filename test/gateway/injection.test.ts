import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  CREDENTIALS_HEADER,
  openFromGateway,
  sealForHost,
} from '../../src/model/host-credentials.ts'
import { hashSecret } from '../../src/model/instance.ts'
import { useCleanup } from '../support/cleanup.ts'
import { makeInstance, startGateway } from '../support/gateway.ts'
import { send } from '../support/http.ts'
import { startRecorder } from '../support/recorder.ts'

const USERS = 20
const SERVICES = ['alpha', 'beta', 'gamma', 'delta']
const REQUESTS = 400
const IN_PARALLEL = 32

const hex = (text: string, length: number) => createHash('sha256').update(text).digest('hex').slice(0, length) // prettier-ignore

/** The canary: whoever sees it knows whose it is, and for what. */
const keyOf = (user: string, service: string) => `canary-${user}-${service}`

/** The same sequence in every run. */
const createRandom = (seed: number) => () => {
  seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32
  return seed / 2 ** 32
}

describe('injected credentials', () => {
  const cleanUp = useCleanup()
  it('are always those of the URL, whatever else a client sends, with many at the same time', async function () {
    this.timeout(60_000)
    const hosts = await Promise.all(SERVICES.map(() => startRecorder(({ headers }) => ({ headers: { 'x-seen': String(headers[CREDENTIALS_HEADER]) } })))) // prettier-ignore
    const ports = Object.fromEntries(SERVICES.map((name, index) => [name, hosts[index]?.port ?? 0]))
    const owned = Array.from({ length: USERS }, (_, user) =>
      SERVICES.map((service) => {
        const [id, secret] = [hex(`${user}`, 8), hex(`${user} ${service}`, 22)]
        const handle = `${service.slice(0, 3)}_user_${id}_${hex(service, 6)}`
        const instance = makeInstance({
          handle,
          service,
          userId: `user-${user}`,
          secretHash: hashSecret(secret),
          sealedCredentials: JSON.stringify({ api_key: keyOf(`user-${user}`, service) }),
        })
        return { instance, secret, token: `token-${user}` }
      }),
    ).flat()
    const users = Object.fromEntries(owned.map(({ instance, token }) => [token, instance.userId]))
    const instances = owned.map(({ instance }) => instance)
    const front = await startGateway({ ports, instances, users })
    cleanUp(async () => {
      await front.stop()
      await Promise.all(hosts.map(({ stop }) => stop()))
    })
    const random = createRandom(4)
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
    const foreign = sealForHost(front.hostKey, { service: 'alpha', port: ports['alpha'] ?? 0 }, { api_key: 'canary-of-nobody' }) // prettier-ignore

    const one = async (index: number): Promise<void> => {
      const [mine, other] = [pick(owned), pick(owned)]
      const byToken = random() < 0.3
      const { handle, service, userId } = mine.instance
      const path = byToken ? `/${handle}/${service}/${index}` : `/${handle}_${mine.secret}/${service}/${index}` // prettier-ignore
      const claim = random() < 0.2 ? pick(SERVICES) : service
      const headers = {
        authorization: `Bearer ${byToken ? mine.token : other.token}`,
        cookie: `key=${keyOf(other.instance.userId, service)}`,
        [CREDENTIALS_HEADER]: foreign,
        'x-api-key': keyOf(other.instance.userId, service),
      }
      const answer = await send(front.url, path.replace(`/${service}/`, `/${claim}/`), { method: pick(['GET', 'POST']), headers, body: '{}' }) // prettier-ignore
      // Who is wrong too often is told so; it is refused all the same.
      if (claim !== service) {
        assert.ok([404, 429].includes(answer.status))
        return
      }
      assert.equal(answer.status, 200)
      const at = { service, port: ports[service] ?? 0 }
      const opened = openFromGateway(front.hostKey, at, String(answer.headers['x-seen']))
      assert.deepEqual(opened, { api_key: keyOf(userId, service) })
      for (const elsewhere of SERVICES.filter((name) => name !== service))
        assert.equal(openFromGateway(front.hostKey, { service: elsewhere, port: ports[elsewhere] ?? 0 }, String(answer.headers['x-seen'])), undefined) // prettier-ignore
    }
    let next = 0
    await Promise.all(
      Array.from({ length: IN_PARALLEL }, async () => {
        while (next < REQUESTS) await one(next++)
      }),
    )
    // Nothing in the clear reached any host, neither the injected keys nor those that clients sent along.
    const seen = JSON.stringify(hosts.map(({ requests }) => requests))
    assert.doesNotMatch(seen, /canary|token-/)
    assert.ok(hosts.every(({ requests }) => requests.length > REQUESTS / 10))
  })
})
