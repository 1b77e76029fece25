import assert from 'node:assert/strict'
import { onEveryFront } from '../support/front.ts'
import { send, type Answer } from '../support/http.ts'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

/** What an answer says, without what is its own each time, and with one name for what was asked for. */
const said = ({ status, text, headers }: Answer, names: readonly string[]) => ({
  status,
  type: headers['content-type'],
  text: names
    .reduce((whole, name) => whole.replaceAll(name, '<name>'), text)
    .replace(/"requestId":"[^"]*"/, '')
    .replace(/"(?:from|to)":"[^"]*Z"/g, ''), // of the moment that it was asked in
})

onEveryFront('a user against everything of another', (front) => {
  it('learns and changes nothing, on every route and method, and cannot tell it from what is not there', async () => {
    const [anna, ben] = [await front().newUser(), await front().newUser()]
    const { instanceId, path } = await front().newInstance(anna, 'widgets', 'sk-of-anna')
    const rows = () => front().database.query('select * from user_service_instances where user_id = $1', [anna.id]) // prettier-ignore
    const before = await rows()
    const { body } = await front().callAsAdmin(`GET /admin/tokens?email=${anna.email}`)
    const [token] = (body as { tokens: { id: string }[] }).tokens
    const nobody = {
      userId: '0a0a0a0a-0000-4000-8000-000000000000',
      token: '0b0b0b0b-0000-4000-8000-000000000000',
      handle: 'wid_user_0a0a0a0a_0a0a0a',
      email: 'nobody-here@example.com',
    }
    const hers = { userId: anna.id, token: token!.id, handle: instanceId, email: anna.email }
    const secrets = ['sk-of-anna', path, String(path.split('/')[1]), anna.token]
    const ask = async (what: typeof nobody, route: string, method: string): Promise<Answer> => {
      const id = route.includes('/tokens/') ? what.token : what.userId
      const url = route.replace('{serviceType}', 'widgets').replace('{id}', id)
      const query = `?${new URLSearchParams({ email: what.email, service: 'widgets', user: what.userId, userId: what.userId, instanceId: what.handle }).toString()}` // prettier-ignore
      const headers = { authorization: `Bearer ${ben.token}` }
      const more = { email: what.email, service: 'widgets', userId: what.userId }
      const sent = method === 'GET' ? {} : { body: more }
      return send(front().url, url + query, { method, headers, ...sent })
    }
    const names = [...Object.values(hers), ...Object.values(nobody)].flatMap((name) => [name, encodeURIComponent(name)]) // prettier-ignore
    const routes = Object.keys(front().document.paths).filter((route) => route.startsWith('/api/'))
    assert.ok(routes.length >= 25)
    for (const route of routes)
      for (const method of METHODS) {
        const what = `${method} ${route}`
        const [real, unreal] = [await ask(hers, route, method), await ask(nobody, route, method)]
        assert.deepEqual(said(real, names), said(unreal, names), what)
        for (const secret of secrets) assert.ok(!real.text.includes(secret), what)
        assert.ok(!route.includes('/admin/') || [403, 404].includes(real.status), what)
      }
    const asBen = { headers: { authorization: `Bearer ${ben.token}` } }
    for (const method of METHODS) {
      const at = (handle: string) =>
        send(front().url, `/${handle}/widgets/mcp`, { method, ...asBen })
      assert.deepEqual(said(await at(instanceId), names), said(await at(nobody.handle), names))
    }
    assert.deepEqual(await rows(), before)
  }).timeout(30_000)
})
