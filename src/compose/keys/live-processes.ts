import { isRunning } from '../../base/proc.ts'
import { thisMachine } from './watch.ts'
import type { Database } from '../../store/database.ts'
import { listProcesses, type VaultProcess } from '../../store/vault-processes.ts'

export const nameOf = ({ role, pid, machine }: VaultProcess): string =>
  `${role} (pid ${pid} on ${machine.split(' ')[0] ?? ''})`

/** One of this machine that was killed could not say so. */
export const liveProcesses = async (database: Database): Promise<VaultProcess[]> => {
  const here = thisMachine()
  const noted = await listProcesses(database)
  return noted.filter(({ machine, pid }) => machine !== here || isRunning(pid))
}
