import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { residentBytesOf } from '../../src/base/proc.ts'
import { pidsOf, useFleet } from '../support/fleet.ts'
import { writeProgram } from '../support/programs.ts'
import { waitUntil } from '../support/wait-until.ts'

const MEGABYTE = 1024 * 1024
const TOTAL_MB = 250
const LOOKS = 100
/** One that is slower than this is no longer slow, it is away. */
const ANSWER_MS = 10_000

/** Writes as fast as it may, but goes on answering: 20 MB at a time. */
const FLOODS = {
  'through its output': `const line = 'x'.repeat(1000) + '\\n'
const flood = () => { for (let n = 0; n < 20_000; n++) process.stdout.write(line); setTimeout(flood, 100) }
flood()`,
  'past it, straight into the pipe': `const line = 'x'.repeat(65_535) + '\\n'
const flood = () => { try { for (let n = 0; n < 100; n++) require('node:fs').writeSync(1, line) } catch {} setTimeout(flood, 50) }
flood()`,
}

for (const [how, body] of Object.entries(FLOODS))
  describe(`a service that floods its log ${how}`, function () {
    this.timeout(180_000)
    const env = { BERTH_HOSTS: '1', BERTH_LOG_FILE_MB: '5', BERTH_LOG_TOTAL_MB: String(TOTAL_MB) }
    const fleet = useFleet({ services: ['alpha', 'own'], env })
    const folder = () => join(fleet().home, 'logs')
    const sizeOfLogs = () =>
      readdirSync(folder()).reduce((sum, name) => sum + statSync(join(folder(), name)).size, 0)

    const latencyOf = async (): Promise<number> => {
      const startedAt = performance.now()
      const signal = AbortSignal.timeout(ANSWER_MS)
      const answer = await fetch(`http://127.0.0.1:${fleet().ports['alpha'] ?? 0}/health`, { signal }) // prettier-ignore
      assert.equal(((await answer.json()) as { service: string }).service, 'alpha')
      return performance.now() - startedAt
    }
    const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0 // prettier-ignore

    it('leaves the disk, the daemon and the others as they are', async () => {
      fleet().configure('own', { process: { script: 'program.cjs' } })
      writeProgram(fleet().registry, 'own')
      await fleet().json(['up'])
      const calm: number[] = []
      for (let look = 0; look < LOOKS; look++) calm.push(await latencyOf())
      writeProgram(fleet().registry, 'own', body)
      await fleet().json(['restart', 'own'])
      const { 'main-api': daemon } = pidsOf(await fleet().json(['status']))
      await waitUntil('the flood is there', () => sizeOfLogs() > MEGABYTE)
      const before = residentBytesOf(daemon ?? 0)
      const sizes: number[] = []
      const latencies: number[] = []
      for (let look = 0; look < LOOKS; look++) {
        await new Promise((resolve) => setTimeout(resolve, 100))
        sizes.push(sizeOfLogs())
        latencies.push(await latencyOf())
      }
      const largest = Math.max(...sizes)
      const grown = (residentBytesOf(daemon ?? 0) - before) / MEGABYTE
      console.log(`      largest ${Math.round(largest / MEGABYTE)} MB, daemon +${Math.round(grown)} MB, alpha's median ${median(latencies).toFixed(1)} ms, ${median(calm).toFixed(1)} ms before`) // prettier-ignore
      assert.ok(largest <= TOTAL_MB * MEGABYTE, `${largest} bytes of logs`)
      assert.ok(grown < 100, `the daemon has ${grown} MB more`)
    })
  })
