import { hasVariable } from '../base/proc.ts'
import type { Answer } from '../compose/fleet/status.ts'
import { probeService } from '../health/probe.ts'
import type { Service } from '../model/service.ts'

const PROBE_MS = 1_000
const CONCURRENCY = 64

/**
 * Asks every static port itself, since no daemon can be asked.
 *
 * @returns who answers and is of this home, by service
 */
export const askServices = async (
  homeRoot: string,
  services: readonly Service[],
): Promise<Map<string, Answer>> => {
  const answers = new Map<string, Answer>()
  const queue = [...services]
  const worker = async () => {
    for (let service = queue.shift(); service; service = queue.shift()) {
      const { name, port } = service
      const result = await probeService({ service: name, port }, PROBE_MS)
      if (!result.ok || result.pid === undefined) continue
      if (!hasVariable(result.pid, 'BERTH_HOME', homeRoot)) continue
      answers.set(name, { state: result.planned ? 'planned' : 'healthy', pid: result.pid })
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  return answers
}
