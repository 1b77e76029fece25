import type { Database } from './database.ts'

/** A process that seals or opens something in this database. */
export type VaultProcess = {
  id: string
  role: string
  machine: string
  pid: number
  /** The keys that it has loaded. */
  kids: string[]
  /** The one by which it seals. */
  sealing: string
}

/** One that was not heard of for longer is gone, or as good as. */
const LIVE_SECONDS = 30

/** Says that the process lives and what it has loaded. */
export const noteProcess = async (database: Database, process: VaultProcess): Promise<void> => {
  const { id, role, machine, pid, kids, sealing } = process
  await database.query(
    `insert into vault_processes (id, role, machine, pid, kids, sealing) values ($1, $2, $3, $4, $5, $6)
     on conflict (id) do update set kids = $5, sealing = $6, seen_at = now()`,
    [id, role, machine, pid, kids, sealing],
  )
}

export const removeProcess = async (database: Database, id: string): Promise<void> => {
  await database.query('delete from vault_processes where id = $1', [id])
}

/** Also forgets those that have been gone for long. */
export const listProcesses = async (database: Database): Promise<VaultProcess[]> => {
  await database.query(`delete from vault_processes where seen_at < now() - interval '1 hour'`)
  return database.query<VaultProcess>(
    `select id, role, machine, pid, kids, sealing from vault_processes
     where seen_at > now() - make_interval(secs => $1) order by role, pid`,
    [LIVE_SECONDS],
  )
}
