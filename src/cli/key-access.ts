import { setTimeout as delay } from 'node:timers/promises'
import { auditReads } from '../compose/keys/audited-vault.ts'
import type { Config } from '../base/config.ts'
import { AppError } from '../base/errors.ts'
import { createKeyOperations } from '../compose/keys/operations.ts'
import type { KeyStatus, Rotation } from '../model/keys.ts'
import { openAudit } from '../compose/accounts/audit.ts'
import type { Client } from './client.ts'
import { findDaemon } from './daemon-client.ts'
import { withLocalStores } from './local-stores.ts'

/** What the key commands do. */
export type KeyAccess = {
  status: () => Promise<KeyStatus>
  rotate: (onProgress: (rotation: Rotation) => void) => Promise<Rotation>
  remove: (kid: string) => Promise<void>
}

/** On Postgres the command works itself, beside the daemon; the embedded database is the daemon's while it runs. */
export const withKeys = async <T>(
  config: Config,
  work: (keys: KeyAccess) => Promise<T>,
): Promise<T> => {
  const daemon = config.databaseUrl === undefined ? await findDaemon(config) : undefined
  if (daemon) return work(overHttp(config, daemon))
  return withLocalStores(config, async ({ database, vault }) => {
    await vault.watch.start()
    const recordAudit = await openAudit({ config, database, vault })
    const parts = { config, database, vault: auditReads(vault, recordAudit), recordAudit }
    const keys = createKeyOperations(parts)
    const by = { actor: 'berth', from: 'local' }
    return work({
      status: keys.status,
      rotate: (onProgress) => keys.rotate({ by, onProgress }),
      remove: (kid) => keys.remove(kid, by),
    })
  })
}

type Job = { isRunning: boolean; rotation: Rotation | null; failure: string | null }

const PATH = '/api/v1/admin/keys'
const POLL_MS = 300
/** PM2 restarts a daemon that was killed; the next one goes on. */
const AWAY_MS = 60_000

const overHttp = (config: Config, daemon: Client): KeyAccess => ({
  status: () => daemon.get(PATH),
  remove: (kid) => daemon.delete(`${PATH}/${kid}`),
  rotate: async (onProgress) => {
    let kid: string | undefined
    for (;;) {
      const client = kid === undefined ? daemon : await waitForDaemon(config)
      const ended = await follow(client, kid, (rotation) => {
        kid = rotation.kid
        onProgress(rotation)
      })
      if (ended) return ended
    }
  },
})

/** @returns undefined when the daemon went away meanwhile */
const follow = async (
  client: Client,
  kid: string | undefined,
  onProgress: (rotation: Rotation) => void,
): Promise<Rotation | undefined> => {
  try {
    let job = await client.post<Job>(`${PATH}/rotate`, kid === undefined ? {} : { kid })
    for (;;) {
      if (job.rotation) onProgress(job.rotation)
      if (!job.isRunning) return resultOf(job)
      await delay(POLL_MS)
      job = (await client.get<{ job: Job }>(PATH)).job
    }
  } catch (error) {
    const isAway = error instanceof AppError && error.code === 'daemon_not_running'
    if (isAway && kid !== undefined) return undefined
    throw error
  }
}

const resultOf = ({ rotation, failure }: Job): Rotation | undefined => {
  if (failure !== null) throw new AppError('key_pending', failure)
  return rotation?.phase === 'done' ? rotation : undefined // another daemon by now
}

const waitForDaemon = async (config: Config): Promise<Client> => {
  const until = Date.now() + AWAY_MS
  for (;;) {
    const daemon = await findDaemon(config)
    if (daemon) return daemon
    if (Date.now() > until)
      throw new AppError(
        'daemon_not_running',
        'The daemon went away meanwhile. The rotation goes on when it is back: berth up',
      )
    await delay(POLL_MS)
  }
}
