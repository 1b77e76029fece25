import type { Config } from '../base/config.ts'
import type { AuditVerdict, AuditView } from '../model/audit.ts'
import { openAuditLog } from '../compose/accounts/audit.ts'
import type { Client } from './client.ts'
import { findDaemon } from './daemon-client.ts'
import { withLocalStores } from './local-stores.ts'

/** What the audit commands do. */
export type AuditAccess = {
  list: (filter: { target?: string; actor?: string }) => Promise<AuditView[]>
  verify: () => Promise<AuditVerdict>
  prune: (before: Date) => Promise<number>
}

const LISTED = 100
const PATH = '/api/v1/admin/audit'

/** On Postgres the command works itself, beside the daemon; the embedded database is the daemon's while it runs. */
export const withAudit = async <T>(
  config: Config,
  work: (audit: AuditAccess) => Promise<T>,
): Promise<T> => {
  const daemon = config.databaseUrl === undefined ? await findDaemon(config) : undefined
  if (daemon) return work(overHttp(daemon))
  return withLocalStores(config, async (stores) => {
    const audit = await openAuditLog({ config, ...stores })
    return work({
      list: (filter) => audit.list({ ...filter, limit: LISTED }),
      verify: audit.verify,
      prune: (before) => audit.prune(before, { actor: 'berth', from: 'local' }),
    })
  })
}

const overHttp = (daemon: Client): AuditAccess => ({
  list: async (filter) => {
    const query = new URLSearchParams({ ...filter, limit: String(LISTED) }).toString()
    return (await daemon.get<{ entries: AuditView[] }>(`${PATH}?${query}`)).entries
  },
  verify: () => daemon.get(`${PATH}/verify`),
  prune: async (before) =>
    (await daemon.post<{ removed: number }>(`${PATH}/prune`, { before: before.toISOString() }))
      .removed,
})
