import assert from 'node:assert/strict'
import type { PortUser } from '../../src/base/port-users.ts'
import { createOwnedProbe } from '../../src/health/owned-probe.ts'
import type { ProbeResult } from '../../src/health/probe.ts'

const TARGET = { service: 'widgets', port: 41_000 }

type Over = { later?: number; answer?: ProbeResult; holder?: Partial<PortUser> }

/** PM2 names `known` for every service until somebody refreshes, then `later`. */
const watch = (answeredBy: number | undefined, known: number | undefined, over: Over = {}) => {
  const { later = known, holder } = over
  let pid = known
  let refreshed = 0
  const answer: ProbeResult = over.answer ?? { ok: true, planned: false, responseMs: 1, pid: answeredBy } // prettier-ignore
  const probe = createOwnedProbe({
    probe: () => Promise.resolve(answer),
    pidOf: () => pid,
    refresh: async () => {
      refreshed += 1
      await Promise.resolve()
      pid = later
    },
    listenersOn: (port) =>
      holder ? [{ port, isListening: true, uid: 0, pid: undefined, command: '', ...holder }] : [],
  })
  return { probe: () => probe(TARGET, 1_000), refreshed: () => refreshed }
}

describe('the probe that asks who answered', () => {
  it('believes the process that PM2 names, and what it started', async () => {
    for (const known of [process.pid, process.ppid]) {
      const { probe, refreshed } = watch(process.pid, known)
      assert.ok((await probe()).ok)
      assert.equal(refreshed(), 0)
    }
  })

  it('asks PM2 again before it calls a process strange: it may be newer than what is known', async () => {
    const { probe, refreshed } = watch(process.pid, 1_999_999, { later: process.pid })
    assert.ok((await probe()).ok)
    assert.equal(refreshed(), 1)
  })

  it('names the stranger, and asks PM2 once for many that ask at a time', async () => {
    for (const known of [1_999_999, undefined]) {
      const { probe, refreshed } = watch(process.pid, known)
      for (const result of await Promise.all([probe(), probe(), probe()]))
        assert.deepEqual(result, {
          ok: false,
          cause: 'stranger',
          reason: `port 41000 is held by process ${process.pid}, which is not of this fleet`,
        })
      assert.equal(refreshed(), 1)
    }
  })

  it('takes a program of the operator’s own that does not say its process when it holds the port', async () => {
    const { ppid } = process
    assert.ok((await watch(undefined, ppid, { holder: { pid: process.pid } }).probe()).ok)
    assert.ok(
      (await watch(undefined, 1).probe()).ok,
      'nobody listens any more: it did a moment ago',
    )
    for (const holder of [{ pid: ppid }, { uid: 42 }]) {
      const result = await watch(undefined, process.pid, { holder }).probe()
      assert.equal(result.ok ? undefined : result.cause, 'stranger')
    }
  })

  it('names the stranger behind a bad answer, too, but leaves what its own process does badly', async () => {
    const answer: ProbeResult = { ok: false, cause: 'status', reason: 'answered 404' }
    const reasonOf = async (holder: Partial<PortUser> | undefined) => {
      const result = await watch(undefined, process.pid, { answer, ...(holder && { holder }) }).probe() // prettier-ignore
      return result.ok ? 'up' : result.reason
    }
    assert.match(await reasonOf({ pid: process.ppid }), /is held by process \d+, which is not/)
    assert.match(await reasonOf({ uid: 42 }), /is held by a process of uid 42, which is not/)
    for (const holder of [{ pid: process.pid }, undefined])
      assert.equal(await reasonOf(holder), 'answered 404')
  })
})
