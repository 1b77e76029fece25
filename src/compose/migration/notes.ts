import { randomUUID } from 'node:crypto'
import { plainEvent } from '../../events/plain.ts'
import type { FleetEvent } from '../../model/event.ts'
import { openAudit } from '../accounts/audit.ts'
import { appendEvents } from '../../store/events.ts'

type Parts = Parameters<typeof openAudit>[0]

/** Writes down for operators and auditors that instances were moved, or taken back, by a command on this machine. */
export const noteMigration = async (
  parts: Parts,
  event: FleetEvent & { type: 'migration.run' | 'migration.rolled_back' },
): Promise<void> => {
  const recordAudit = await openAudit(parts)
  await recordAudit({ actor: 'berth', action: event.type, target: 'migration', from: 'local', details: {} }) // prettier-ignore
  const plain = plainEvent(event, new Date())
  await appendEvents(parts.database, { id: randomUUID(), batch: 1 }, [plain])
}
