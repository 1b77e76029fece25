import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import type { Evidence } from '../model/crash.ts'

const evidence: z.ZodType<Evidence> = z.object({
  since: z.string(),
  retryAt: z.string(),
  attempts: z.number(),
  causes: z.array(z.string()),
  lines: z.array(z.string()),
})

/** What was decided about services beyond the registry; it outlives the daemon. */
const schema = z.object({
  /** Stopped by the operator. */
  stopped: z.array(z.string()).default([]),
  /** When: ISO 8601. */
  stoppedAt: z.record(z.string(), z.string()).optional(),
  /** Moved into a host of their own, since they took a packed one down. */
  isolated: z.array(z.string()).default([]),
  /** Kept out of service for a while, since they go on crashing. */
  quarantined: z.record(z.string(), evidence).default({}),
})

export type Decisions = z.output<typeof schema>

/** A missing or damaged file counts as empty: better a service too many than a fleet that does not start. */
export const readDecisions = (file: string): Decisions => {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return schema.parse({})
  }
}

/** Whole or not at all. */
export const writeDecisions = (file: string, decisions: Decisions): void => {
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, JSON.stringify(decisions), { mode: 0o600 })
  renameSync(draft, file)
}
