import type { Log } from '../base/log.ts'
import type { CutoverState } from '../model/cutover.ts'
import type { RecordEvent } from '../model/event.ts'
import type { OldRouting } from '../model/old-routing.ts'
import type { CutoverSettings } from './settings.ts'
import type { StepNeeds } from './steps.ts'
import type { PathsNeeds } from './watch-paths.ts'

export type Stored = { id: number; startedAt: Date; endedAt: Date | null; version: number; state: CutoverState } // prettier-ignore
type NewDecision = { cutoverId: number; step: string; percent: number; decision: string; reason: string; figures: unknown } // prettier-ignore

export type CutoverNeeds = StepNeeds &
  PathsNeeds & {
    find: () => Promise<Stored | undefined>
    insert: (state: CutoverState) => Promise<boolean>
    update: (changed: Pick<Stored, 'id' | 'version' | 'state'>, hasEnded: boolean) => Promise<boolean>
    addDecision: (decision: NewDecision) => Promise<void>
    readRouting: () => Promise<OldRouting>
    settings: () => CutoverSettings
    recordEvent: RecordEvent
    log: Log
  } // prettier-ignore
