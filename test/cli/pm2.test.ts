import assert from 'node:assert/strict'
import { join } from 'node:path'
import { filesWith } from '../support/files-with.ts'
import { pidsOf, useFleet } from '../support/fleet.ts'
import { environmentOfProcess, processesNaming } from '../support/processes.ts'

const CANARY = 'canary-of-the-shell-b811'

describe('berth pm2', function () {
  this.timeout(30_000)
  const fleet = useFleet({ services: ['alpha'] })

  it('prints the home of PM2 alone, for export PM2_HOME=$(berth pm2 --home)', async () => {
    const home = join(fleet().home, 'pm2')
    const printed = await fleet().run(['pm2', '--home'])
    assert.deepEqual(printed, { code: 0, stdout: `${home}\n`, stderr: '' })
    const env = { PM2_HOME: '/elsewhere' }
    assert.equal((await fleet().run(['pm2', '--home'], { env })).stdout, '/elsewhere\n')
  })

  it("runs PM2's own commands with their options, and ends with their code", async () => {
    const up = await fleet().json(['up'])
    const table = await fleet().run(['pm2', 'list'])
    assert.equal(table.code, 0)
    for (const name of Object.keys(pidsOf(up))) assert.ok(table.stdout.includes(name))
    const pid = await fleet().run(['pm2', 'pid', 'main-api'])
    assert.equal(pid.stdout.trim(), String(up.daemon.pid))
    const last = await fleet().run(['pm2', 'logs', 'main-api', '--nostream', '--lines', '5'])
    assert.match(last.stdout, /daemon ready/)
    const unknown = await fleet().run(['pm2', 'stop', 'nobody'])
    assert.equal(unknown.code, 1)
    assert.match(unknown.stdout + unknown.stderr, /nobody/)
  })

  it("keeps the shell's variables out of a PM2 that it starts", async () => {
    await fleet().run(['down'])
    const { code } = await fleet().run(['pm2', 'ping'], { env: { SHELLS_OWN: CANARY } })
    assert.equal(code, 0)
    const processes = processesNaming(fleet().home)
    assert.equal(processes.length, 1)
    assert.equal(environmentOfProcess(processes[0]!).join().includes(CANARY), false)
    assert.deepEqual(filesWith(fleet().home, CANARY), [])
  })
})
