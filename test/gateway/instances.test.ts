import assert from 'node:assert/strict'
import { CREDENTIALS_HEADER, openFromGateway } from '../../src/model/host-credentials.ts'
import type { Recorded } from '../support/recorder.ts'
import { onEveryFront } from '../support/front.ts'
import { errorOf, send } from '../support/http.ts'

onEveryFront('instances behind the gateway', (front) => {
  const get = (path: string, token?: string) =>
    send(front().url, path, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }) // prettier-ignore
  const openAt = (service: string, { headers }: Recorded) =>
    openFromGateway(
      front().hostKey,
      { service, port: front().host.port },
      String(headers[CREDENTIALS_HEADER]),
    )
  /** What the host was told with the last request for a path. */
  const keyAt = (path: string) => {
    const last = front().host.requests.findLast(({ url }) => url === path)
    return last && openAt('widgets', last)?.['api_key']
  }
  const isOpen = async (path: string): Promise<boolean> => {
    const { status } = await get(path)
    assert.ok(status === 200 || status === 404)
    return status === 200
  }
  beforeEach(() => {
    front().host.requests.length = 0
  })

  it('bring the key that their owner entered to the host', async () => {
    const { path } = await front().newInstance(await front().newUser(), 'widgets', 'key ü 1')
    assert.equal((await get(`${path}/first`)).status, 200)
    assert.equal(keyAt('/first'), 'key ü 1')
  })

  it('bring a replaced key with the next request, under the same URL', async () => {
    const user = await front().newUser()
    const first = await front().newInstance(user, 'widgets', 'old')
    await get(`${first.path}/old`)
    assert.equal(keyAt('/old'), 'old')
    assert.deepEqual(await front().newInstance(user, 'widgets', 'new'), first)
    await get(`${first.path}/new`)
    assert.equal(keyAt('/new'), 'new')
  })

  it('leave the old URL at once when they are rotated', async () => {
    const user = await front().newUser()
    const { path } = await front().newInstance(user, 'widgets', 'key')
    assert.ok(await isOpen(path))
    const { body } = await front().call(user.token, 'POST /services/widgets/instance/rotate')
    const rotated = new URL((body as { instanceUrl: string }).instanceUrl).pathname
    assert.ok(!(await isOpen(path)))
    assert.ok(await isOpen(rotated))
  })

  it('are gone at once when they are deleted, and never come back under the old URL', async () => {
    const user = await front().newUser()
    const { path } = await front().newInstance(user, 'widgets', 'key')
    assert.ok(await isOpen(path))
    const deleted = await front().call(user.token, 'DELETE /services/widgets/instance')
    assert.equal(deleted.status, 204)
    assert.ok(!(await isOpen(path)))
    await front().newInstance(user, 'widgets', 'key')
    assert.ok(!(await isOpen(path)))
  })

  it('open for the token of their owner without a secret, until it is revoked', async () => {
    const [anna, ben] = [await front().newUser(), await front().newUser()]
    const { instanceId } = await front().newInstance(anna, 'widgets', 'key of anna')
    const path = `/${instanceId}/widgets/by-token`
    assert.equal((await get(path, anna.token)).status, 200)
    assert.equal(keyAt('/by-token'), 'key of anna')
    assert.equal(errorOf(await get(path, ben.token)).status, 403)
    assert.equal((await get(path)).status, 404)
    const { body } = await front().callAsAdmin(`GET /admin/tokens?email=${anna.email}`)
    const { tokens } = body as { tokens: { id: string }[] }
    await front().callAsAdmin(`DELETE /admin/tokens/${tokens[0]!.id}`)
    assert.equal((await get(path, anna.token)).status, 404)
  })

  it('do not open when their sealed key was copied from another row', async () => {
    const [anna, ben] = [await front().newUser(), await front().newUser()]
    await front().newInstance(anna, 'widgets', 'key of anna')
    const { path } = await front().newInstance(ben, 'widgets', 'key of ben')
    await front().database.query(
      `update user_service_instances set encrypted_api_key =
         (select encrypted_api_key from user_service_instances where user_id = $1) where user_id = $2`,
      [anna.id, ben.id],
    )
    const answer = await get(path)
    assert.equal(errorOf(answer).code, 'credentials_unreadable')
    assert.deepEqual(front().host.requests, [])
  })

  it('never cross between users and services, with 200 requests at the same time', async () => {
    const users = await Promise.all(Array.from({ length: 10 }, () => front().newUser()))
    const owned = await Promise.all(
      users.flatMap(({ email, token, id }) =>
        ['widgets', 'forms'].map(async (service) => {
          const credentials = { api_key: `${service} of ${email}`, subdomain: id }
          if (service === 'widgets') Reflect.deleteProperty(credentials, 'subdomain')
          const route = `POST /services/${service}/authenticate`
          const { body } = await front().call(token, route, { body: { credentials } })
          const { instanceUrl } = body as { instanceUrl: string }
          return { service, credentials, path: new URL(instanceUrl).pathname }
        }),
      ),
    )
    const sent = Array.from({ length: 200 }, (_, index) => ({ ...owned[index % owned.length]!, index })) // prettier-ignore
    const answers = await Promise.all(sent.map(({ path, index }) => get(`${path}?n=${index}`)))
    assert.ok(answers.every(({ status }) => status === 200))
    assert.equal(front().host.requests.length, 200)
    for (const request of front().host.requests) {
      const index = Number(new URL(request.url, 'http://host').searchParams.get('n'))
      assert.deepEqual(openAt(sent[index]!.service, request), sent[index]!.credentials)
      const other = sent[index]!.service === 'widgets' ? 'forms' : 'widgets'
      assert.equal(openAt(other, request), undefined)
    }
  })
})
