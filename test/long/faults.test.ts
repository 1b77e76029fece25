import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createServer as createSilent, type AddressInfo, type Server as NetServer } from 'node:net'
import { join } from 'node:path'
import { useFleet } from '../support/fleet.ts'
import { writeProgram } from '../support/programs.ts'
import { waitUntil } from '../support/wait-until.ts'

/** Sweeps come so often; the bounds of the issue count from the worst moment of one. */
const SWEEP_S = 3
const schedule = `*/${SWEEP_S} * * * * *`

/** Does what stands in a file beside it; `yield` gives the port away. */
const MOODY = `const { readFileSync } = require('node:fs')
const mood = () => { try { return readFileSync(__dirname + '/mood', 'utf8') } catch { return '' } }
server.removeAllListeners('request')
server.on('request', (_request, response) => {
  const now = mood()
  if (now === '500') response.writeHead(500).end()
  else if (now === 'slow') setTimeout(() => response.end(answer), 1_500)
  else if (now !== 'hang') response.end(answer)
})
setInterval(() => {
  if (mood() !== 'yield' || !server.listening) return
  server.close()
  server.closeAllConnections()
}, 20)`

type Heard = { service: string; from: string; to: string; cause: string; at: number; id: number }
type Row = { fault: string; service: string; states: (readonly [state: string, cause: RegExp])[] }

/** What goes wrong, and what is heard of it. */
const ROWS: readonly Row[] = [
  { fault: 'hangs', service: 'hanging', states: [['degraded', /slow/], ['unhealthy', /timeout/]] },
  { fault: 'answers 500', service: 'failing', states: [['degraded', /status/], ['unhealthy', /status/]] },
  { fault: 'answers slowly', service: 'slow', states: [['degraded', /slow/]] },
  // Between the one and the other nobody has the port, and a sweep may see that.
  { fault: 'lost its port to one who speaks like it', service: 'robbed', states: [['degraded', /stranger|refused/], ['unhealthy', /stranger/]] },
  { fault: 'lost its port to one who says nothing', service: 'muted', states: [['degraded', /stranger|refused/], ['unhealthy', /stranger/]] },
  { fault: 'has a dead upstream', service: 'deep', states: [['degraded', /upstream/]] },
] // prettier-ignore
const OWN = ['hanging', 'failing', 'slow', 'robbed', 'muted']

describe('a service that goes wrong', function () {
  this.timeout(120_000)
  const servers: (Server | NetServer)[] = []
  const listen = async <S extends Server | NetServer>(server: S, port = 0): Promise<S> => {
    servers.push(server)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, '127.0.0.1', resolve)
    })
    return server
  }
  const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const env: Record<string, string> = { BERTH_HOSTS: '1' }
  const fleet = useFleet({ services: ['alpha', 'deep', ...OWN], env })
  const heard: Heard[] = []
  const began = new Map<string, number>()
  let api: Server

  const mood = (service: string, text: string) => {
    began.set(service, Date.now())
    writeFileSync(join(fleet().registry, service, 'mood'), text)
  }
  const takePort = async (service: string, server: Server | NetServer) => {
    mood(service, 'yield')
    const port = fleet().ports[service]
    await waitUntil(`the port of ${service} is free`, () =>
      listen(server, port).then(
        () => true,
        () => false,
      ),
    )
  }
  const hear = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const { timestamp, data } = JSON.parse(body) as { timestamp: string; data: { id: number; service: string; data: Record<string, string> } } // prettier-ignore
      const { from = '', to = '', cause = '' } = data.data
      heard.push({ service: data.service, from, to, cause, at: Date.parse(timestamp), id: data.id })
      response.end()
    })
  })

  before('a fleet in which all is well', async () => {
    api = await listen(createServer((_request, response) => response.end()))
    const deep = { BERTH_SANDBOX_URL: urlOf(api) }
    const receiver = urlOf(await listen(hear))
    for (const service of OWN) {
      writeProgram(fleet().registry, service, MOODY)
      fleet().configure(service, { process: { script: 'program.cjs' }, health: { schedule } })
    }
    fleet().configure('deep', { health: { schedule, deep: true } })
    fleet().configure('alpha', { health: { schedule } })
    const all = (await fleet().json(['up'], { env: deep })).services
    assert.deepEqual(
      all.filter(({ state }) => state !== 'healthy'),
      [],
    )
    await fleet().json(['webhook', 'add', receiver, '--allow-private', '--type', 'service.state'])
  })
  before('and then all goes wrong', async () => {
    mood('hanging', 'hang')
    mood('failing', '500')
    mood('slow', 'slow')
    const asRobbed = JSON.stringify({ service: 'robbed', status: 'healthy' })
    await takePort(
      'robbed',
      createServer((_request, response) => response.end(asRobbed)),
    )
    await takePort('muted', createSilent())
    began.set('deep', Date.now())
    api.closeAllConnections()
    await new Promise((resolve) => api.close(resolve))
  })
  after(() => {
    for (const server of servers) {
      if ('closeAllConnections' in server) server.closeAllConnections()
      server.close()
    }
  })

  const of = (service: string) => heard.filter((one) => one.service === service)

  for (const { fault, service, states } of ROWS)
    it(`${fault}: ${states.map(([state]) => state).join(', then ')}, with the cause, by webhook, status and why`, async () => {
      await waitUntil(`${service} is ${String(states.at(-1)?.[0])}`, () => of(service).length >= states.length) // prettier-ignore
      const first = of(service).slice(0, states.length)
      for (const [index, { to, cause: named }] of first.entries()) {
        const [state = '', cause = /./] = states[index] ?? []
        assert.equal(to, state)
        assert.match(named, cause)
      }
      const [degraded, last] = [first[0]?.at ?? 0, first.at(-1)?.at ?? 0]
      const secondsAfter = (at: number, from: number) => ((at - from) / 1_000).toFixed(2)
      console.log(`      degraded ${secondsAfter(degraded, began.get(service) ?? 0)} s after the fault (sweeps: ${SWEEP_S} s), final ${secondsAfter(last, degraded)} s later`) // prettier-ignore
    })

  it('is named in status and why while it lasts', async () => {
    const { services } = await fleet().json(['status'])
    const causes = ['slow', 'robbed', 'muted', 'deep'].map(
      (name) => services.find(({ service }) => service === name)?.cause,
    )
    assert.deepEqual(causes, ['slow', 'stranger', 'stranger', 'upstream'])
    assert.ok(services.every(({ service, cause }) => service !== 'alpha' || cause === undefined))
    const { stdout } = await fleet().run(['why', 'robbed'])
    assert.match(stdout, new RegExp(`unhealthy since .*stranger: port \\d+ is held by process ${process.pid}`)) // prettier-ignore
    assert.match((await fleet().run(['status'])).stdout, /deep .* upstream: its API cannot be reached/) // prettier-ignore
  })

  it('is told once per transition, in order, and nobody else is', () => {
    assert.deepEqual(
      heard.map(({ id }) => id),
      heard.map(({ id }) => id).sort((a, b) => a - b),
    )
    assert.deepEqual(of('alpha'), [])
    for (const { service } of ROWS) {
      const [own, count] = [of(service), of(service).length]
      const joins = own.slice(1).every(({ from }, index) => from === own[index]?.to)
      assert.ok(count > 0 && joins, JSON.stringify(own))
    }
  })

  it('is well again once its port is, and its API', async () => {
    for (const server of servers.slice(2)) {
      if ('closeAllConnections' in server) server.closeAllConnections()
      server.close()
    }
    for (const service of OWN) mood(service, '')
    await waitUntil('all are well', async () => {
      const { services } = await fleet().json(['status'])
      const ill = services.filter(({ service, state }) => service !== 'deep' && state !== 'healthy')
      return ill.length === 0
    }, 60_000) // prettier-ignore
  })
})
