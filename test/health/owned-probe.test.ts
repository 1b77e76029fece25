import assert from 'node:assert/strict'
import { createOwnedProbe } from '../../src/health/owned-probe.ts'
import type { ProbeResult } from '../../src/health/probe.ts'

const TARGET = { service: 'widgets', port: 41_000 }

/** PM2 names `known` for every service until somebody refreshes, then `later`. */
const watch = (answeredBy: number | undefined, known: number | undefined, later = known) => {
  let pid = known
  let refreshed = 0
  const answer: ProbeResult = { ok: true, planned: false, responseMs: 1, pid: answeredBy }
  const probe = createOwnedProbe({
    probe: () => Promise.resolve(answer),
    pidOf: () => pid,
    refresh: async () => {
      refreshed += 1
      await Promise.resolve()
      pid = later
    },
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
    const { probe, refreshed } = watch(process.pid, 1_999_999, process.pid)
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

  it('takes a program of the operator’s own that does not say its process', async () => {
    assert.ok((await watch(undefined, 1).probe()).ok)
  })
})
