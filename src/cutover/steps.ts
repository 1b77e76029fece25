import { AppError, messageOf } from '../base/errors.ts'
import { percentOf, type CutoverState, type CutoverStep } from '../model/cutover.ts'
import type { OldRouting } from '../model/old-routing.ts'

export type RoutingChange = Partial<
  Pick<OldRouting, 'percent' | 'users' | 'services' | 'comparing' | 'toolErrors'>
> & { notice?: string | null }

export type StepNeeds = {
  changeRouting: (change: RoutingChange) => Promise<OldRouting>
  /** Why the old server cannot be reached. */
  findOldServerFault: () => Promise<string | undefined>
  /** Services of moved instances that do not answer. */
  listDown: () => Promise<string[]>
  countMoved: () => Promise<number>
  /** The operator's command, if there is one. @throws AppError */
  runHook: (which: 'stop' | 'start', signal?: AbortSignal) => Promise<void>
  pageUrl: string
}

/** `wait`: asked again by itself. `failed`: the operator has to do something first. */
export type StepResult = { kind: 'done' } | { kind: 'wait' | 'failed'; problem: string }

const DONE: StepResult = { kind: 'done' }
const SHOWN = 10

export type Steps = ReturnType<typeof createSteps>

/** What each step does; each may be done twice, since a daemon may be killed in the middle of it. */
export const createSteps = (needs: StepNeeds) => {
  const servicesUp = async (): Promise<StepResult> => {
    const down = await needs.listDown()
    if (down.length === 0) return DONE
    const more = down.length > SHOWN ? ` and ${down.length - SHOWN} more` : ''
    return { kind: 'wait', problem: `not up: ${down.slice(0, SHOWN).join(', ')}${more}` }
  }
  const route = async (change: RoutingChange): Promise<StepResult> => {
    await needs.changeRouting(change)
    return DONE
  }
  const stop = async (): Promise<StepResult> => {
    try {
      await needs.runHook('stop')
      return DONE
    } catch (error) {
      return { kind: 'failed', problem: messageOf(error) }
    }
  }
  const work: Record<CutoverStep, (state: CutoverState) => Promise<StepResult>> = {
    announce: ({ notice, toolErrors }) =>
      route({ percent: 0, users: {}, services: {}, comparing: true, toolErrors, notice }),
    hooks: stop,
    services: servicesUp,
    routing: (state) => route({ percent: percentOf(state), comparing: true }),
    healthy: servicesUp,
    endpoints: () =>
      route({ notice: `Your services have new addresses; you find them at ${needs.pageUrl}. The old ones go on for a while.` }), // prettier-ignore
    watch: () => Promise.resolve(DONE),
  }
  return {
    carryOut: (state: CutoverState): Promise<StepResult> => work[state.step](state),
    /** Before a step: why it must not begin. */
    check: async (step: CutoverStep): Promise<string | undefined> => {
      if ((await needs.countMoved()) === 0)
        return 'No instance of the older model was moved yet; run: berth migrate run'
      if (step === 'announce' || step === 'hooks') return needs.findOldServerFault()
      if (step === 'services') return undefined
      const up = await servicesUp()
      return up.kind === 'done' ? undefined : up.problem
    },
  }
}

export const held = (problem: string): AppError => new AppError('cutover_held', problem)
