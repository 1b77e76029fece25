import { randomBytes, randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { silentLog } from '../../src/base/log.ts'
import type { CutoverStep, CutoverView } from '../../src/model/cutover.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { useFleet, type Fleet } from './fleet.ts'
import { callTool, startUsers } from './cutover-calls.ts'
import { fillLegacy, insertLegacy, opensslMd5, type LegacyRow } from './legacy-database.ts'
import { startOldFleet, type OldInstance } from './old-fleet.ts'
import { startTwoWorldApi } from './two-world-api.ts'
import { waitUntil } from './wait-until.ts'

const PASSPHRASE = 'an old passphrase'
const SERVICES = ['alpha', 'beta', 'gamma'] as const
type Options = { users: number; env?: Record<string, string> }

/**
 * Both worlds with real parts: the older model's processes and database, a migration by command, the daemon with its hosts,
 * and an API that both call.
 */
export const useCutoverWorld = ({ users, env = {} }: Options) => {
  const settings: Record<string, string> = { BERTH_HOSTS: '2', ...env }
  const instances: OldInstance[] = []
  const rows: LegacyRow[] = []
  for (let user = 0; user < users; user += 1) {
    const userId = randomUUID()
    for (const type of SERVICES) {
      const [id, token] = [randomUUID(), randomBytes(16).toString('hex')]
      const key = `key-${id}`
      instances.push({ id, token, type, key })
      rows.push({ id, userId, type, instanceNumber: 1, isActive: true, status: 'active', expiresAt: null, token, updatedAt: '2026-01-01T00:00:00Z', plaintext: JSON.stringify({ api_key: key }), isBroken: false, expected: { moved: { api_key: key } } }) // prettier-ignore
    }
  }
  let api: Awaited<ReturnType<typeof startTwoWorldApi>>
  let old: Awaited<ReturnType<typeof startOldFleet>>
  before('the older world', async function () {
    this.timeout(60_000)
    api = await startTwoWorldApi()
    old = await startOldFleet(instances, api.url)
    Object.assign(settings, { BERTH_LEGACY_URL: old.url, BERTH_SANDBOX_URL: api.url })
  })
  after('the older world', async () => {
    await old.stop()
    await api.stop()
  })
  const fleet = useFleet({ services: SERVICES, env: settings })
  before('moved', async function () {
    this.timeout(60_000)
    for (const service of SERVICES)
      fleet().configure(service, { limits: { requestsPerSecond: 0, concurrent: 0 } })
    await fillOld(fleet(), rows)
    const file = join(fleet().home, '../passphrase')
    writeFileSync(file, PASSPHRASE, { mode: 0o600 })
    const { moved } = await fleet().json<{ moved: number }>(['migrate', 'run', '--decoder', 'openssl-md5', '--passphrase-file', file, '--yes']) // prettier-ignore
    if (moved !== instances.length) throw new Error(`${moved} of ${instances.length} moved`)
    await fleet().json(['up'])
  })

  const status = () => fleet().json<CutoverView>(['cutover', 'status'])
  return {
    fleet,
    api: () => api,
    old: () => old,
    instances,
    status,
    configure: (config: object) =>
      writeFileSync(join(fleet().home, 'cutover.json'), JSON.stringify(config)),
    /** Walks by hand as far as a step. */
    advanceTo: async (step: CutoverStep) => {
      for (let now = await status(); now.step !== step || !now.isDone;) {
        const { code, stdout } = await fleet().run(['cutover', 'advance', '--force', '--json'])
        if (code !== 0) throw new Error(stdout)
        now = JSON.parse(stdout) as CutoverView
      }
    },
    isAt: async (what: string, is: (now: CutoverView) => boolean, deadlineMs?: number): Promise<CutoverView> => {
      let now: CutoverView | undefined
      try {
        return await waitUntil(what, async () => {
          now = await status()
          return is(now) && now
        }, deadlineMs)
      } catch (cause) {
        throw new Error(`${what}, not yet: ${JSON.stringify(now)}`, { cause })
      }
    }, // prettier-ignore
    startLoad: (url = fleet().url) => startUsers(url, instances),
    /** How everybody is served now, by both forms. */
    everybody: async (url = fleet().url): Promise<Set<string>> => {
      const forms = ['uuid', 'token'] as const
      const calls = await Promise.all(instances.flatMap((instance) => forms.map((form) => callTool(url, instance, form)))) // prettier-ignore
      return new Set(calls.map(({ status, world, isRight }) => `${status} ${world ?? 'nobody'}${isRight ? '' : ', wrong'}`)) // prettier-ignore
    },
  }
}

const fillOld = async (fleet: Fleet, rows: readonly LegacyRow[]): Promise<void> => {
  const options = { variant: 'a', encrypt: opensslMd5(PASSPHRASE) } as const
  const database = await openPostgres(fleet.env['DATABASE_URL'] ?? '', silentLog)
  await fillLegacy(database, { ...options, rows: 0, services: SERVICES })
  for (const userId of new Set(rows.map((row) => row.userId)))
    await database.query('insert into users (id, email) values ($1, $2)', [userId, `${userId}@example.com`]) // prettier-ignore
  await insertLegacy(database, options, rows)
  await database.close()
}
