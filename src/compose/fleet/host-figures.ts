import { treeBytesOf, treeCpuSecondsOf } from '../../base/proc.ts'
import type { HostFigures, OwnFigures } from '../../model/host-figures.ts'
import { createChannel } from '../../supervisor/channel.ts'

type Process = { name: string; pid: number | undefined }

/** A scrape does not wait longer for a host that hangs. */
const DEADLINE_MS = 1_000

/**
 * What every host process costs and does: memory and CPU from the kernel, the rest from the host itself, over a connection
 * for this question alone. A host that does not answer is left out of the latter.
 */
export const measureHosts = (
  processes: readonly Process[],
  socketOf: (host: string) => string,
): Promise<HostFigures[]> =>
  Promise.all(
    processes.flatMap(({ name, pid }) => (pid === undefined ? [] : [measureHost(name, pid, socketOf(name))])), // prettier-ignore
  )

const measureHost = async (host: string, pid: number, socketPath: string): Promise<HostFigures> => {
  const channel = createChannel({ socketPath, deadlineMs: DEADLINE_MS, onClose: () => undefined })
  const own: OwnFigures | undefined = await channel.measure().catch(() => undefined)
  channel.close()
  return {
    host,
    residentBytes: treeBytesOf(pid),
    cpuSeconds: treeCpuSecondsOf(pid),
    loop: own?.loop ?? null,
    calls: own?.calls ?? {},
  }
}
