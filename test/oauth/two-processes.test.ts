import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { silentLog } from '../../src/base/log.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { createPostgres, skipWithoutPostgres } from '../support/databases.ts'
import { makeSignInWorld } from '../support/sign-in-world.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const PROGRAM = join(import.meta.dirname, '../fixtures/renew-tokens.ts')
const CALLERS = 8
const ROUNDS = 5

/** A second process over the same database. */
const spawnOther = (order: unknown) => {
  const child = spawn(process.execPath, ['--import=tsx', PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] }) // prettier-ignore
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const tell = (line: string) => child.stdin.write(`${line}\n`)
  const hear = async () => String((await lines.next()).value)
  tell(JSON.stringify(order))
  const end = async () => {
    const exited = once(child, 'exit')
    child.stdin.end()
    assert.deepEqual(await exited, [0, null])
  }
  return { tell, hear, end }
}

describe('one access token that two processes want', function () {
  this.timeout(60_000)
  const folder = useTempFolder()

  it('is renewed once, and nobody fails: eight callers in each, a refresh token that rotates', async function () {
    await skipWithoutPostgres(this)
    const { url, drop } = await createPostgres()
    const database = await openPostgres(url, silentLog)
    const world = await makeSignInWorld(folder(), database, url)
    const { instanceId: handle } = await world.signIn(await world.newUser())
    const { env, services } = world
    const other = spawnOther({ env, services, handle, callers: CALLERS })
    assert.equal(await other.hear(), 'ready')
    for (let round = 1; round <= ROUNDS; round++) {
      await database.query('update user_service_instances set access_expires_at = now()')
      const open = world.provider.hold()
      other.tell('go')
      assert.equal(await other.hear(), 'called')
      const here = Promise.allSettled(Array.from({ length: CALLERS }, () => world.renewals.renew(handle))) // prettier-ignore
      // All sixteen have asked, and the provider has not answered yet.
      open()
      const results = [...(await here).map(({ status }) => status), ...(JSON.parse(await other.hear()) as string[])] // prettier-ignore
      assert.deepEqual(results, Array(2 * CALLERS).fill('fulfilled'))
      assert.equal(world.provider.refreshes(), round)
      assert.deepEqual(world.provider.seen.refused, [])
    }
    await other.end()
    await world.stop()
    await database.close()
    await drop()
  })
})
