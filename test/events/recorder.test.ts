import assert from 'node:assert/strict'
import { AppError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { createEventRecorder, type AppendEvents } from '../../src/events/recorder.ts'
import type { FleetEvent, NewEvent } from '../../src/model/event.ts'
import { waitUntil } from '../support/wait-until.ts'

const event = (index: number, over: Partial<FleetEvent> = {}): FleetEvent => ({
  type: 'service.state',
  service: 'widgets',
  message: String(index),
  ...over,
})
const away = new AppError('database_unavailable', 'away')

/** A table that fails as told: an error once `before` or `after` the rows are there. */
const tableThat = (failures: { error: Error; isWritten: boolean }[] = []) => {
  const rows: NewEvent[] = []
  let last = 0
  const append: AppendEvents = async ({ batch }, events) => {
    await Promise.resolve()
    const failure = failures.shift()
    if (!failure || failure.isWritten) {
      if (batch > last) rows.push(...events)
      last = batch
    }
    if (failure) throw failure.error
  }
  return { rows, append, messages: () => rows.map(({ message }) => message) }
}

describe('the event recorder', () => {
  const record = (count: number, options: { maxWaiting?: number } = {}) => {
    const recorder = createEventRecorder({ log: silentLog, retryMs: 1, ...options })
    for (let index = 0; index < count; index++) recorder.record(event(index))
    return recorder
  }

  it('keeps what comes before the database is open, and writes it in its order', async () => {
    const recorder = record(2_500)
    const table = tableThat()
    recorder.writeTo(table.append)
    await waitUntil('all are written', () => table.rows.length === 2_500)
    assert.deepEqual(
      table.messages(),
      Array.from({ length: 2_500 }, (_, index) => String(index)),
    )
    await recorder.stop()
  })

  it('tries again while the database is away, and writes nothing twice when an answer was lost', async () => {
    const table = tableThat([
      ...Array.from({ length: 9 }, () => ({ error: away, isWritten: false })),
      { error: away, isWritten: true },
    ])
    const recorder = record(3)
    recorder.writeTo(table.append)
    recorder.record(event(3))
    await waitUntil('all are written', () => table.rows.length >= 4)
    assert.deepEqual(table.messages(), ['0', '1', '2', '3'])
    await recorder.stop()
  })

  it('counts what does not fit, and says so in its place', async () => {
    const recorder = record(15, { maxWaiting: 10 })
    const table = tableThat()
    recorder.writeTo(table.append)
    await waitUntil('all are written', () => table.rows.length === 11)
    recorder.record(event(15))
    await waitUntil('the next is written', () => table.rows.length === 12)
    assert.deepEqual(table.rows.slice(9).map(({ type, data }) => [type, data]), [
      ['service.state', '{}'],
      ['events.lost', '{"count":5}'],
      ['service.state', '{}'],
    ]) // prettier-ignore
    await recorder.stop()
  })

  it('gives up what a database that answers refuses, and goes on', async () => {
    const refused = { error: new TypeError('no'), isWritten: false }
    const table = tableThat([refused, refused, refused])
    const recorder = record(2)
    recorder.writeTo(table.append)
    await waitUntil('the loss is told', () => table.rows.length === 1)
    assert.equal(table.rows[0]?.type, 'events.lost')
    await recorder.stop()
  })

  it('keeps secrets, NULs, endless texts and what is no JSON out', async () => {
    const recorder = record(0)
    const table = tableThat()
    const url = 'http://h/fig_user_1a2b3c4d_9f2c1e_Sec0ndToNone0000000001/figma/mcp'
    recorder.record(event(0, { message: `x\0y ${url} ${'n'.repeat(9_999)}`, userId: 'nobody' }))
    recorder.record(event(1, { data: { apiKey: 'k1', note: url, list: ['a\0b'] } }))
    recorder.record(event(2, { data: { n: 1n } }))
    recorder.record(event(3, { data: { long: Array.from({ length: 999 }, () => 'long text') } }))
    recorder.writeTo(table.append)
    await waitUntil('all are written', () => table.rows.length === 4)
    const [first, second, third, fourth] = table.rows
    assert.equal(first?.message.length, 500)
    assert.match(first.message, /^xy http:\/\/h\/fig_user_1a2b3c4d_9f2c1e_\[secret\]\/figma\/mcp n/)
    assert.equal(first.userId, undefined)
    assert.deepEqual(JSON.parse(second!.data), {
      apiKey: '[secret]',
      note: 'http://h/fig_user_1a2b3c4d_9f2c1e_[secret]/figma/mcp',
      list: ['ab'],
    })
    assert.equal(third?.data, '{}')
    assert.equal((JSON.parse(fourth!.data) as { cut: boolean }).cut, true)
    await recorder.stop()
  })

  it('tells who listens when something was written', async () => {
    const recorder = record(0)
    let calls = 0
    const leave = recorder.onWritten(() => (calls += 1))
    recorder.writeTo(tableThat().append)
    recorder.record(event(0))
    await waitUntil('it was told', () => calls === 1)
    leave()
    await recorder.stop()
  })
})
