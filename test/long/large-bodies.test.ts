import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { useFleet } from '../support/fleet.ts'
import { send } from '../support/http.ts'
import { addUser } from '../support/instances.ts'
import { MIB, peakBytes, residentBytes } from '../support/memory.ts'
import { writeProgram } from '../support/programs.ts'
import { waitUntil } from '../support/wait-until.ts'

const GIB = 1024 * MIB
const PIECE = Buffer.alloc(MIB, 'x')
/** What the daemon's memory may grow by meanwhile; a body that was kept would be ten times as much. */
const MOST_BYTES = 100 * MIB

/** Says how much it was sent; under `/flood` it sends as much itself. */
const PROGRAM = `
server.removeAllListeners('request')
const piece = Buffer.alloc(1024 * 1024, 'y')
server.on('request', (request, response) => {
  if (request.url === '/health') return response.end(answer)
  if (request.url === '/flood') return flood(response, 1024)
  let bytes = 0
  request.on('data', (chunk) => (bytes += chunk.length))
  request.on('end', () => response.end(String(bytes)))
})
const flood = (response, left) => {
  for (; left > 0; left -= 1)
    if (!response.write(piece)) return void response.once('drain', () => flood(response, left - 1))
  response.end()
}`

describe('bodies of a gibibyte', function () {
  const fleet = useFleet({ services: ['open', 'bound', 'other'], env: { BERTH_HOSTS: '1' } })
  let paths: Record<string, string>
  let pid = 0

  before('up, with a user', async function () {
    this.timeout(60_000)
    for (const name of ['open', 'bound']) {
      writeProgram(fleet().registry, name, PROGRAM)
      const limits = name === 'open' ? { maxBodyBytes: 0 } : {}
      fleet().configure(name, { process: { script: 'program.cjs' }, limits })
    }
    await fleet().json(['up'])
    const ann = await addUser(fleet(), 'ann@example.com')
    const names = ['open', 'bound', 'other']
    paths = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await ann.newInstance(name)]))) // prettier-ignore
    pid = (await fleet().json(['status'])).daemon.pid ?? 0
  })

  /** Sends a gibibyte, as fast as it is taken; resolves with the answer, also to an unfinished request. */
  const upload = (service: string, headers: Record<string, string>) =>
    new Promise<{ status: number; text: string; sent: number }>((resolve, reject) => {
      let [sent, text, isOver] = [0, '', false]
      let answered = 0
      const path = `${fleet().url}${paths[service] ?? ''}/`
      const outgoing = request(path, { method: 'POST', headers, agent: false })
      const end = (status: number) => {
        isOver = true
        resolve({ status, text, sent })
      }
      outgoing.on('response', (incoming) => {
        answered = incoming.statusCode ?? 0
        incoming.on('data', (chunk: Buffer) => (text += chunk.toString()))
        incoming.on('close', () => end(answered))
      })
      // Who is refused may find its connection closed while it still sends.
      outgoing.on('error', (error) => (answered > 0 ? end(answered) : reject(error)))
      const fill = () => {
        while (!isOver && sent < GIB) {
          sent += PIECE.length
          if (!outgoing.write(PIECE)) return void outgoing.once('drain', fill)
        }
        outgoing.end()
      }
      fill()
    })

  /** Whoever else asks meanwhile must be answered. */
  const besides = async <T>(work: Promise<T>): Promise<T> => {
    let [isOver, answered] = [false, 0]
    const other = (async () => {
      while (!isOver) {
        assert.equal((await send(fleet().url, `${paths['other'] ?? ''}/health`)).status, 200)
        answered += 1
        await delay(20)
      }
    })()
    const result = await work.finally(() => (isOver = true))
    await other
    assert.ok(answered > 0)
    return result
  }

  const growthDuring = async (work: () => Promise<unknown>): Promise<number> => {
    writeFileSync(`/proc/${pid}/clear_refs`, '5') // the peak begins anew
    const before = residentBytes(pid)
    await besides(work())
    return peakBytes(pid) - before
  }

  for (const [title, headers] of [
    ['with a length', { 'content-length': String(GIB) }],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ] as const) {
    it(`pass where nothing bounds them, and are not kept: ${title}`, async () => {
      const growth = await growthDuring(async () => {
        const { status, text } = await upload('open', headers)
        assert.deepEqual([status, text], [200, String(GIB)])
      })
      assert.ok(growth < MOST_BYTES, `${Math.round(growth / MIB)} MiB`)
    })
  }

  it('are refused with 413 elsewhere, long before their end', async () => {
    const growth = await growthDuring(async () => {
      const { status, sent } = await upload('bound', { 'content-length': String(GIB) })
      assert.equal(status, 413)
      assert.ok(sent < GIB / 4, `${sent / MIB} MiB were sent`)
    })
    assert.ok(growth < MOST_BYTES, `${Math.round(growth / MIB)} MiB`)
  })

  it('do not pile up for a client that stops reading', async () => {
    const growth = await growthDuring(async () => {
      const path = `${fleet().url}${paths['open'] ?? ''}/flood`
      const outgoing = request(path, { agent: false }).end()
      const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
      await waitUntil('nothing more comes', () => incoming.readableLength > 0)
      let bytes = 0
      incoming.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes % (64 * MIB) < chunk.length) {
          incoming.pause()
          setTimeout(() => incoming.resume(), 100)
        }
      })
      await once(incoming, 'end')
      assert.equal(bytes, GIB)
    })
    assert.ok(growth < MOST_BYTES, `${Math.round(growth / MIB)} MiB`)
  })
})
