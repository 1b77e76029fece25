import assert from 'node:assert/strict'
import { onEveryFront, type TestUser } from '../support/front.ts'
import { errorOf } from '../support/http.ts'

type Authenticated = { instanceId: string; instanceUrl: string; verification: string }

onEveryFront("a user's instances", (front) => {
  const authenticated = async (user: TestUser, service: string, body: unknown) => {
    const route = `POST /services/${service}/authenticate`
    const answer = await front().call(user.token, route, { body })
    assert.equal(answer.status, 201)
    return answer.body as Authenticated
  }
  const rowOf = async (instanceId: string) => {
    const rows = await front().database.query(
      'select * from user_service_instances where instance_id = $1',
      [instanceId],
    )
    return rows[0]
  }

  it('are read, listed, rotated and deleted', async () => {
    const user = await front().newUser()
    const made = await authenticated(user, 'widgets', { apiKey: 'sk-1' })
    await authenticated(user, 'echo', {})
    const call = (route: string) => front().call(user.token, route)
    const got = await call('GET /services/widgets/instance')
    const { createdAt, ...view } = got.body as Record<string, string>
    const unchecked = { account: null, verifiedAt: null }
    assert.deepEqual(view, { ...made, ...unchecked, serviceType: 'widgets', isActive: true, lastUsedAt: null }) // prettier-ignore
    assert.equal(new Date(createdAt!).toISOString(), createdAt)
    const { body } = await call('GET /user/instances')
    const { instances } = body as { instances: Record<string, string>[] }
    assert.deepEqual(instances.map(({ serviceType }) => serviceType), ['echo', 'widgets']) // prettier-ignore
    assert.deepEqual(instances[1], got.body)

    const rotated = await call('POST /services/widgets/instance/rotate')
    assert.equal(rotated.status, 200)
    const { instanceUrl, ...same } = rotated.body as Authenticated
    assert.deepEqual({ ...same, instanceUrl: made.instanceUrl }, got.body)
    assert.notEqual(instanceUrl, made.instanceUrl)
    assert.equal(((await call('GET /services/widgets/instance')).body as Authenticated).instanceUrl, instanceUrl) // prettier-ignore

    const gone = await call('DELETE /services/widgets/instance')
    assert.deepEqual([gone.status, gone.text], [204, ''])
    assert.equal(await rowOf(made.instanceId), undefined)
    for (const [method, end] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/rotate'],
    ] as const)
      // prettier-ignore
      assert.equal(errorOf(await call(`${method} /services/widgets/instance${end}`)).status, 404)
  })

  it("are each user's own: nobody reads, rotates, replaces or deletes another's", async () => {
    const [anna, ben] = [await front().newUser(), await front().newUser()]
    const annas = await authenticated(anna, 'widgets', { apiKey: 'sk-anna' })
    const before = await rowOf(annas.instanceId)
    for (const [method, end] of [['GET', ''], ['DELETE', ''], ['POST', '/rotate']] as const) // prettier-ignore
      assert.equal(errorOf(await front().call(ben.token, `${method} /services/widgets/instance${end}`)).status, 404) // prettier-ignore
    assert.deepEqual((await front().call(ben.token, 'GET /user/instances')).body, { instances: [] })
    const bens = await authenticated(ben, 'widgets', { apiKey: 'sk-ben' })
    assert.notEqual(bens.instanceId, annas.instanceId)
    await front().call(ben.token, 'DELETE /services/widgets/instance')
    assert.deepEqual(await rowOf(annas.instanceId), before)
  })
})
