import assert from 'node:assert/strict'
import { useFleet } from '../support/fleet.ts'
import { addUser } from '../support/instances.ts'
import { startLoad, type Asked } from '../support/load.ts'
import { waitUntil } from '../support/wait-until.ts'

const PACKED = Array.from({ length: 24 }, (_, index) => `packed-${index}`)
const DEDICATED = Array.from({ length: 6 }, (_, index) => `own-${index}`)
const ALL = [...PACKED, ...DEDICATED]
const OFF = { requestsPerSecond: 0, concurrent: 0 }
const CALL = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} })
const HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
}

describe('a fleet under load', function () {
  const fleet = useFleet({ services: ALL, env: { BERTH_HOSTS: '2' } })
  let asked: Asked[] = []

  before('up, with a user of every service', async function () {
    this.timeout(120_000)
    for (const name of PACKED) fleet().configure(name, { limits: OFF })
    for (const name of DEDICATED)
      fleet().configure(name, { limits: OFF, process: { isolation: 'dedicated' } })
    await fleet().json(['up'])
    const ann = await addUser(fleet(), 'ann@example.com')
    for (const name of ALL) {
      const url = `${fleet().url}${await ann.newInstance(name)}`
      const call = { url: `${url}/mcp`, method: 'POST', headers: HEADERS, body: CALL }
      asked = [...asked, { url: `${url}/tools` }, call]
    }
  })

  /** How many requests went through while all of it was done; each of them must have been answered with 200. */
  const underLoad = async (work: () => Promise<void>): Promise<number> => {
    const load = startLoad(asked, 12)
    await waitUntil('the load is on', () => load.statuses.length > 2 * asked.length)
    const before = load.statuses.length
    await work().finally(load.stop)
    assert.deepEqual(load.failures, [])
    return load.statuses.length - before
  }

  it('loses no request while every service is restarted, one by one', async () => {
    const answered = await underLoad(async () => {
      for (const name of ALL) await fleet().json(['restart', name])
    })
    assert.ok(answered > 10 * ALL.length, `${answered} requests`)
  })

  it('loses none either while every service changes and is swapped', async () => {
    await underLoad(async () => {
      for (const name of PACKED)
        fleet().configure(name, { limits: OFF, description: 'Another one.' })
      await fleet().json(['apply'])
    })
  })
})
