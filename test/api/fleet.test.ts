import assert from 'node:assert/strict'
import { AppError } from '../../src/base/errors.ts'
import type { PlanLine } from '../../src/model/fleet.ts'
import { FLEET, startApi } from '../support/api.ts'
import { errorOf } from '../support/http.ts'
import { makeService } from '../support/services.ts'

const CHANGE: PlanLine = { action: 'add', kind: 'service', name: 'widgets', host: 'h', fields: [] }

const PLAN = {
  changes: [CHANGE],
  leftOut: [{ file: 'gone/config.json', path: 'port', message: 'is missing' }],
}

describe('the fleet over HTTP', () => {
  const calls: [string, ...(readonly string[])][] = []
  let failure: AppError | undefined
  let api: Awaited<ReturnType<typeof startApi>>
  /** Notes what was asked of the fleet. */
  const note = (verb: string) => (names: readonly string[]) => {
    calls.push([verb, ...names])
    return failure ? Promise.reject(failure) : Promise.resolve()
  }
  before(async () => {
    api = await startApi({
      services: () => ['widgets', 'gadgets'].map((name) => makeService({ name })),
      fleet: {
        plan: () => Promise.resolve(PLAN),
        apply: async () => {
          await note('apply')([])
          return PLAN
        },
        restart: note('restart'),
        stopServices: note('stop'),
        startServices: note('start'),
      },
    })
  })
  beforeEach(() => {
    calls.length = 0
    failure = undefined
  })
  after(() => api.stop())
  const admin = (route: string, body?: unknown) => {
    const [method = '', path = ''] = route.split(' ')
    return api.call(`${method} /api/v1/admin${path}`, { body })
  }

  it('shows the fleet and its plan, and changes nothing by that', async () => {
    assert.deepEqual((await admin('GET /fleet')).body, FLEET)
    assert.deepEqual((await admin('GET /plan')).body, { ...PLAN, slips: [] })
    assert.deepEqual(calls, [])
  })

  it('applies the plan and says what it changed', async () => {
    const answer = await admin('POST /apply')
    assert.deepEqual([answer.status, answer.body], [200, { ...PLAN, slips: [] }])
    assert.deepEqual(calls, [['apply']])
  })

  for (const [verb, done] of [
    ['restart', 'restarted'],
    ['stop', 'stopped'],
    ['start', 'started'],
  ] as const) {
    it(`${verb}s the services that are named, and no others`, async () => {
      const services = ['gadgets', 'widgets']
      const answer = await admin(`POST /services/${verb}`, { services })
      assert.deepEqual([answer.status, answer.body], [200, { [done]: services }])
      assert.deepEqual(calls, [[verb, ...services]])
    })

    it(`${verb}s none when one of them is unknown, and names all that are`, async () => {
      const services = ['widgets', 'nothing', '__proto__']
      const { code, message } = errorOf(await admin(`POST /services/${verb}`, { services }))
      assert.equal(code, 'service_unknown')
      assert.match(message, /"nothing", "__proto__"/)
      assert.deepEqual(calls, [])
    })

    it(`refuses to ${verb} what is no list of names`, async () => {
      const bodies = [{}, { services: [] }, { services: 'widgets' }, { services: [1] }, { services: ['widgets'], all: true }] // prettier-ignore
      for (const body of bodies)
        assert.equal(errorOf(await admin(`POST /services/${verb}`, body)).status, 422)
      assert.deepEqual(calls, [])
    })
  }

  it('says why PM2 would not', async () => {
    failure = new AppError('pm2_unreachable', 'It does not answer.')
    for (const [route, body] of [
      ['POST /apply'],
      ['POST /services/stop', { services: ['widgets'] }],
    ] as const) {
      // prettier-ignore
      const answer = await admin(route, body)
      assert.deepEqual([answer.status, errorOf(answer).code], [503, 'pm2_unreachable'])
    }
  })

  it('is refused to who has no admin token', async () => {
    const headers = { authorization: 'Bearer brt_unknown' }
    for (const route of [
      'GET /plan',
      'POST /apply',
      'POST /services/restart',
      'POST /services/stop',
    ]) {
      // prettier-ignore
      const [method = '', path = ''] = route.split(' ')
      const answer = await api.call(`${method} /api/v1/admin${path}`, { headers, body: { services: ['widgets'] } }) // prettier-ignore
      assert.equal(errorOf(answer).status, 401)
    }
    assert.deepEqual(calls, [])
  })
})
