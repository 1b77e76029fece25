import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { silentLog } from '../../../src/base/log.ts'
import { createGatewayMeters, publishMeters } from '../../../src/compose/gateway/meters-files.ts'
import type { MeterFigures } from '../../../src/model/meter-figures.ts'
import { createMeters, type Meters } from '../../../src/model/meters.ts'
import { useTempFolder } from '../../support/temp-folder.ts'

const NOBODY = 2 ** 22 + 1 // Linux gives no pid above 2^22

describe('what processes of the gateway count', () => {
  const temp = useTempFolder()
  let next = 0
  const begin = () => {
    const home = { run: join(temp(), String((next += 1))) }
    const start = async (meters: Meters, pid?: number) => {
      const publishing = publishMeters({ home, meters, log: silentLog, ...(pid !== undefined && { pid }) }) // prettier-ignore
      await publishing.start()
      return publishing
    }
    const write = async (meters: Meters, pid?: number) => (await start(meters, pid)).stop()
    return { home, write }
  }
  const count = (meters: Meters, requests: number) => {
    for (let request = 0; request < requests; request++) {
      meters.traffic.begin('figma')
      meters.traffic.end('figma', { status: 200, isError: false, isStream: false, latencyMs: 3 })
    }
    meters.vault.count('opened', requests)
    meters.queries.add(1)
    return meters
  }
  const requestsIn = ({ traffic }: MeterFigures) => traffic['figma']?.byClass[2] ?? 0

  it('is added up over all that live', async () => {
    const { home, write } = begin()
    const read = createGatewayMeters(home)
    assert.equal(requestsIn(read()), 0)
    const one = count(createMeters(), 2)
    one.traffic.begin('figma')
    await write(one)
    await write(count(createMeters(), 3), process.ppid)
    const { traffic, tallies, durations } = read()
    assert.deepEqual([traffic['figma']?.byClass[2], traffic['figma']?.inFlight], [5, 1])
    assert.deepEqual([tallies['vault'], durations['queries']?.totalMs], [{ opened: 5 }, 2])
  })

  it('never goes back: what one had counted that ended still counts, and its file goes', async () => {
    const { home, write } = begin()
    const read = createGatewayMeters(home)
    const gone = count(createMeters(), 4)
    gone.traffic.begin('figma')
    await write(gone, NOBODY)
    for (let look = 0; look < 2; look++) {
      const figures = read()
      assert.deepEqual([requestsIn(figures), figures.traffic['figma']?.inFlight], [4, 0])
    }
    assert.deepEqual(readdirSync(join(home.run, 'meters')), [])
  })

  it('begins at nothing with the daemon, as its own counters do', async () => {
    const { home, write } = begin()
    await write(count(createMeters(), 10))
    await write(count(createMeters(), 10), NOBODY)
    assert.equal(requestsIn(createGatewayMeters(home)()), 0)
    const meters = createMeters()
    await write(count(meters, 1))
    const read = createGatewayMeters(home)
    await write(count(createMeters(), 2), process.ppid)
    assert.equal(requestsIn(read()), 2)
  })
})
