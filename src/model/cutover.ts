/** The steps from the older model to this one, in their order. */
export const CUTOVER_STEPS = [
  'announce', 'hooks', 'services', 'routing', 'healthy', 'endpoints', 'watch',
] as const // prettier-ignore
export type CutoverStep = (typeof CUTOVER_STEPS)[number]

/** How a cutover ended: all is served here; the operator went back; it went back by itself. */
export const CUTOVER_OUTCOMES = ['finished', 'aborted', 'reverted'] as const
export type CutoverOutcome = (typeof CUTOVER_OUTCOMES)[number]

/** Where a cutover stands; what a killed daemon goes on from. */
export type CutoverState = {
  step: CutoverStep
  /** What the step does has been done. */
  isDone: boolean
  /** Why it is not. */
  problem: string | null
  /** Nothing tries again by itself. */
  isStuck: boolean
  /** Shares of moved instances, one routing after the other; and which of them it is. */
  percents: readonly number[]
  stage: number
  /** Of the comparison, as the settings were at the start: they may be edited, or broken, meanwhile. */
  toleranceMs: number
  toolErrors: boolean
  /** Goes on by itself. */
  isAutomatic: boolean
  notice: string
  /** The operator's command was run, or at least begun. */
  hasStopped: boolean
  /** What that command failed with, when the operator went past it. */
  skippedHook: string | null
  ending: { outcome: CutoverOutcome; reason: string } | null
}

/** Of the moved instances, by the state. */
export const percentOf = ({ percents, stage }: CutoverState): number => percents[stage] ?? 0

type TestFigures = { verdict: string; [figure: string]: unknown }

/** What is known of the two paths by now. */
export type ComparisonView = {
  decision: 'worse' | 'not worse' | 'hold'
  requests: number
  lookedAt: number
  latency: TestFigures | null
  tails: TestFigures | null
  errors: TestFigures
}

type CutoverDecision = {
  at: string
  step: string
  percent: number
  decision: string
  reason: string
}

/** As `berth cutover status` shows it. */
export type CutoverView = {
  id: number
  step: CutoverStep
  /** 1 to 7. */
  number: number
  state: 'running' | 'ending' | CutoverOutcome
  isDone: boolean
  problem: string | null
  /** Why the next move must not be made yet. */
  waitsFor: string | null
  /** What the stop hook failed with, when the operator went past it. */
  skippedHook: string | null
  /** Those of moved instances. */
  services: string[]
  isAutomatic: boolean
  percents: number[]
  /** Served by the shared fleet now. */
  percent: number
  startedAt: string
  endedAt: string | null
  reason: string | null
  comparison: ComparisonView | null
  /** Newest first. */
  decisions: CutoverDecision[]
}

type Way = 'old' | 'shared'

/** Which moved instances are served here under their old URLs. */
export type RoutingView = {
  percent: number
  users: Readonly<Record<string, Way>>
  services: Readonly<Record<string, Way>>
}

/** Who used an old URL, and when last. */
export type OldUser = {
  email: string
  userId: string
  service: string
  instanceId: string
  lastUsedAt: Date
  requests: number
}

export type Beginning = { isAutomatic: boolean; notice: string }

/** What the API does with the cutover. */
export type CutoverDesk = {
  status: () => Promise<CutoverView | null>
  /** @throws AppError `cutover_held` */
  start: (beginning: Beginning) => Promise<void>
  advance: (isForced: boolean) => Promise<void>
  abort: () => Promise<void>
  finish: (isForced: boolean) => Promise<void>
  routing: () => Promise<RoutingView>
  changeRouting: (change: Partial<RoutingView>) => Promise<RoutingView>
  listOldUsers: (since: Date) => Promise<OldUser[]>
  notice: () => Promise<{ text: string; since: string } | null>
}
