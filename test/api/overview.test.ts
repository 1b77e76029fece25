import assert from 'node:assert/strict'
import { onEveryFront } from '../support/front.ts'

type Usage = { name: string; requests: number; errors: number; bytesIn: number; bytesOut: number; meanLatencyMs: number | null } // prettier-ignore
type Token = { id: string; email: string }
type Entries = { entries: { seq: number; action: string; target: string; actor: string }[]; nextCursor: string | null } // prettier-ignore

/** Without the percentiles, which come from elsewhere. */
const sumsOf = ({ name, requests, errors, bytesIn, bytesOut, meanLatencyMs }: Usage): Usage => ({
  name,
  requests,
  errors,
  bytesIn,
  bytesOut,
  meanLatencyMs,
})

onEveryFront('what operators look at', (front) => {
  const admin = (route: string) => front().callAsAdmin(route)

  it('is what went through the gateways, summed up by service and by user within whole hours', async () => {
    const [anna, ben] = [await front().newUser(), await front().newUser()]
    const rows = [
      ['h1', '2001-01-01T10:00:00Z', anna.id, 'widgets', 10, 1, 100, 1_000, 488, 0],
      ['h1', '2001-01-01T11:00:00Z', anna.id, 'widgets', 5, 0, 50, 500, 100, 1],
      ['h2', '2001-01-01T10:00:00Z', ben.id, 'widgets', 1, 1, 1, 1, 0, 1],
      ['h3', '2001-01-01T10:00:00Z', anna.id, 'gadgets', 3, 0, 3, 3, 30, 0],
      ['h1', '2001-01-01T12:00:00Z', anna.id, 'widgets', 999, 999, 999, 999, 999, 0],
    ]
    for (const row of rows)
      await front().database.query(
        `insert into service_usage (instance_id, hour, user_id, service_type, requests, errors, bytes_in, bytes_out, latency_ms, streams)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
        row,
      )
    const span = 'from=2001-01-01T10:00:00Z&to=2001-01-01T12:00:00Z'
    const byService = (await admin(`GET /admin/usage?${span}`)).body as { usage: Usage[] }
    assert.deepEqual(byService.usage.map(sumsOf), [
      {
        name: 'widgets',
        requests: 16,
        errors: 2,
        bytesIn: 151,
        bytesOut: 1_501,
        meanLatencyMs: 42,
      },
      { name: 'gadgets', requests: 3, errors: 0, bytesIn: 3, bytesOut: 3, meanLatencyMs: 10 },
    ])
    const byUser = (await admin(`GET /admin/usage?${span}&by=user`)).body as { usage: Usage[] }
    assert.deepEqual(byUser.usage.map(({ name, requests, meanLatencyMs }) => [name, requests, meanLatencyMs && Math.round(meanLatencyMs)]), [[anna.email, 18, 36], [ben.email, 1, null]]) // prettier-ignore
    assert.equal((await admin('GET /admin/usage?from=2001-01-02T00:00:00Z&to=2001-01-01T00:00:00Z')).status, 422) // prettier-ignore
  })

  it('is how many have a key for each service, and how many of them are not paused', async () => {
    const counts = async () => {
      const { services } = (await admin('GET /admin/services')).body as { services: { service: string; instances: number; active: number }[] } // prettier-ignore
      return services.find(({ service }) => service === 'widgets') ?? { instances: 0, active: 0 }
    }
    const before = await counts()
    const [anna, ben] = [await front().newUser(), await front().newUser()]
    for (const user of [anna, ben]) await front().newInstance(user, 'widgets', 'key')
    await front().call(anna.token, 'POST /services/widgets/instance/pause')
    const after = await counts()
    assert.deepEqual([after.instances - before.instances, after.active - before.active], [2, 1])
  })

  it('are all tokens, page by page, each once', async () => {
    const { id, email } = await front().newUser()
    await front().database.query(
      `insert into api_tokens (user_id, token_hash, scopes)
       select $1, decode(lpad(to_hex(n), 64, '0'), 'hex'), '{read}' from generate_series(1, 450) n`,
      [id],
    )
    const seen: string[] = []
    let cursor: string | null = ''
    let pages = 0
    do {
      const more: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const { body } = await admin(`GET /admin/tokens?email=${email}${more}`)
      const page = body as { tokens: Token[]; nextCursor: string | null }
      seen.push(...page.tokens.map((token) => token.id))
      cursor = page.nextCursor
      pages += 1
    } while (cursor !== null)
    assert.deepEqual([seen.length, new Set(seen).size, pages], [451, 451, 3])
  })

  it('is who did what, newest first, by actor, action and target', async () => {
    const user = await front().newUser()
    const { instanceId } = await front().newInstance(user, 'widgets', 'key')
    await front().call(user.token, 'POST /services/widgets/instance/pause')
    const { entries } = (await admin(`GET /admin/audit?target=${instanceId}`)).body as Entries
    assert.deepEqual(entries.map(({ actor, action }) => [actor, action]), [[`user:${user.id}`, 'instance.pause'], [`user:${user.id}`, 'instance.authenticate']]) // prettier-ignore
    const made = (await admin(`GET /admin/audit?action=instance.authenticate&actor=user:${user.id}`)).body as Entries // prettier-ignore
    assert.deepEqual(
      made.entries.map(({ target }) => target),
      [instanceId],
    )
    const first = (await admin('GET /admin/audit?limit=2')).body as Entries
    const second = (await admin(`GET /admin/audit?limit=2&cursor=${first.nextCursor ?? ''}`)).body as Entries // prettier-ignore
    const order = [...first.entries, ...second.entries].map(({ seq }) => seq)
    assert.deepEqual(
      order,
      [...new Set(order)].sort((a, b) => b - a),
    )
    assert.equal(order.length, 4)
  })
})
