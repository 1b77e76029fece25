import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { statesOf, useFleet } from '../support/fleet.ts'
import { environmentOfProcess } from '../support/processes.ts'
import { waitUntil } from '../support/wait-until.ts'

const PROGRAM = join(import.meta.dirname, '../fixtures/worker.cjs')

describe('a service of several processes', function () {
  this.timeout(60_000)
  const env = { EDITION: 'second', BERTH_HOSTS: '1' }
  const fleet = useFleet({ services: ['alpha', 'many', 'own'], env })

  const ask = async (service: string) => {
    const answer = await fetch(`http://127.0.0.1:${fleet().ports[service] ?? 0}/health`, {
      headers: { connection: 'close' },
    })
    return ((await answer.json()) as { pid: number }).pid
  }
  const twoOf = (service: string) => {
    const pids = new Set<number>()
    return waitUntil(`two processes of ${service} answer`, async () => {
      pids.add(await ask(service))
      return pids.size === 2 && [...pids]
    })
  }

  it('runs under one entry of PM2, takes changes, and an own program gets the variables that it asks for', async () => {
    mkdirSync(join(fleet().registry, 'own'), { recursive: true })
    copyFileSync(PROGRAM, join(fleet().registry, 'own', 'program.cjs'))
    fleet().configure('own', { process: { script: 'program.cjs', instances: 2, env: ['EDITION'] } })
    fleet().configure('many', { process: { instances: 2 } })
    const up = await fleet().json(['up'])
    assert.deepEqual(statesOf(up), { alpha: 'healthy', many: 'healthy', own: 'healthy' })
    assert.deepEqual(up.hosts.map(({ name }) => name).sort(), ['mcp-host-0', 'mcp-many', 'mcp-own'])
    for (const pid of await twoOf('own'))
      assert.ok(environmentOfProcess(pid).includes('EDITION=second'))
    const old = await twoOf('many')
    assert.ok(
      old.every((pid) => !environmentOfProcess(pid).some((one) => one.startsWith('EDITION'))),
    )
    fleet().configure('many', { process: { instances: 2 }, displayName: 'Many, second edition' })
    const { changes } = await fleet().json<{ changes: { name: string; fields: string[] }[] }>([
      'apply',
    ])
    assert.deepEqual(changes.map(({ name, fields }) => [name, ...fields]), [['mcp-many', 'service']]) // prettier-ignore
    await waitUntil('other processes answer', async () => !old.includes(await ask('many').catch(() => old[0]!))) // prettier-ignore
  })
})
