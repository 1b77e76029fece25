import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pidsOf, useFleet } from '../support/fleet.ts'
import { writeProgram } from '../support/programs.ts'
import { waitUntil } from '../support/wait-until.ts'
import { watchFleet } from '../support/watch-fleet.ts'

const SIZE_KILOBYTES = 128

describe('a fleet whose logs are on a full disk', function () {
  const fleet = useFleet({ services: ['alpha', 'own'], env: { BERTH_HOSTS: '1' } })
  const { healthOf, until, living } = watchFleet(fleet)

  // A part of its own: the disk has to go before the home does.
  describe('that is', function () {
    let logs = ''
    before('a small disk', function () {
      logs = join(fleet().home, 'logs')
      mkdirSync(logs, { recursive: true, mode: 0o700 })
      const options = `size=${SIZE_KILOBYTES}k,mode=0700,uid=${process.getuid?.() ?? 0}`
      const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', logs])
      if (status === 0) return
      console.warn(`skipped: a small disk cannot be mounted: ${String(stderr)}`)
      logs = ''
      this.skip()
    })
    after(() => {
      if (logs !== '') spawnSync('umount', ['-l', logs])
    })

    it('full serves, restarts what ends, and takes changes', async () => {
      const chatty = `setInterval(() => console.log('x'.repeat(1_000)), 5)`
      writeProgram(fleet().registry, 'own', chatty)
      fleet().configure('own', { process: { script: 'program.cjs' } })
      await fleet().json(['up'])
      assert.throws(() => {
        for (let n = 0; n <= SIZE_KILOBYTES; n++)
          writeFileSync(join(logs, `ballast-${n}`), Buffer.alloc(1024, 1))
      }, { code: 'ENOSPC' }) // prettier-ignore
      const before = pidsOf(await fleet().json(['status']))
      process.kill(before['mcp-host-0']!, 'SIGKILL')
      await waitUntil('alpha answers again', async () => {
        const pid = (await healthOf('alpha'))?.pid
        return pid !== undefined && pid !== before['mcp-host-0']
      })
      fleet().configure('alpha', { displayName: 'Alpha, second edition' })
      const { changes } = await fleet().json<{ changes: unknown[] }>(['apply'])
      assert.equal(changes.length, 1)
      process.kill(before['main-api']!, 'SIGKILL')
      const now = await until('another daemon finds all healthy', (_of, all) =>
        all.daemon.pid !== null && all.daemon.pid !== before['main-api'] && all.services.every(({ state }) => state === 'healthy')) // prettier-ignore
      assert.equal(pidsOf(now)['mcp-own'], before['mcp-own'])
      assert.deepEqual(living(), ['main-api', 'mcp-host-0', 'mcp-own'])
    })
  })
})
