import { CUTOVER_STEPS, type CutoverStep } from '../model/cutover.ts'

/** What each step does, for people. */
const MEANINGS: Record<CutoverStep, string> = {
  announce: 'the old server serves everything; users are given notice',
  hooks: 'the stop hook keeps the old server from starting processes',
  services: 'waits until the services of all moved instances are healthy',
  routing: 'the shared fleet serves one share after the other',
  healthy: 'waits until all of these services are healthy',
  endpoints: 'the notice tells users where their new URLs are',
  watch: 'compares the old path and the new one on, until finish',
}

/** Below the help of `berth cutover`. */
export const STEPS_HELP = `
The seven steps, in their order:
${CUTOVER_STEPS.map((step, index) => `  ${index + 1} ${step.padEnd(9)}  ${MEANINGS[step]}`).join('\n')}

start begins with the first; advance goes on, share by share and step by step.
A new path that is worse takes everything back by itself; abort does so at once.
Hooks, shares and the comparison: $BERTH_HOME/cutover.json, see FORMATS.md.`
