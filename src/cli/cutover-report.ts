import type { CutoverView } from '../model/cutover.ts'
import { bold, green, red, yellow } from './output.ts'

const LABEL = 11
/** Newest ones; `--json` has more. */
const SHOWN = 5

/** Where a cutover stands, what it waits for, and what to type next; no line is longer than the terminal is wide. */
export const cutoverLines = (cutover: CutoverView, width: number): string[] => {
  const { id, state, step, number, isDone, percent, decisions } = cutover
  const paint = { running: green, ending: yellow, finished: green, aborted: yellow, reverted: red }[state] // prettier-ignore
  const fact = (label: string, text: string | null | undefined): string[] =>
    text ? wrap(text, width - LABEL).map((line, at) => `${(at === 0 ? label : '').padEnd(LABEL)}${line}`) : [] // prettier-ignore
  return [
    `Cutover ${id}: ${paint(state)}, step ${number} of 7, ${step} (${isDone ? 'done' : 'not done'})`,
    ...fact('Share:', `${percent} % of the moved instances are served by the shared fleet under their old URLs${sharesAfter(cutover)}.`), // prettier-ignore
    ...fact('New path:', cutover.comparison && `${cutover.comparison.decision}, after ${cutover.comparison.requests} requests by each`), // prettier-ignore
    ...fact('Skipped:', cutover.skippedHook && `the stop hook, which failed: ${cutover.skippedHook}`), // prettier-ignore
    ...fact('Ended:', cutover.reason),
    ...fact('Waits for:', cutover.waitsFor),
    ...fact('Problem:', cutover.waitsFor === null ? cutover.problem : null),
    ...fact('Next:', nextOf(cutover)),
    ...(decisions.length > 0 ? ['', bold('Decisions, the newest first:')] : []),
    ...decisions.slice(0, SHOWN).flatMap((one) => [
      `${one.at.slice(0, 19)}Z  ${one.step}, ${one.percent} %: ${one.decision}`,
      ...wrap(one.reason, width - 2).map((line) => `  ${line}`),
    ]),
  ] // prettier-ignore
}

const sharesAfter = ({ state, step, percents, percent }: CutoverView): string => {
  const more = percents.filter((one) => one > percent)
  if (state !== 'running' || step !== 'routing' || more.length === 0) return ''
  return `; next: ${more.join(', ')} %`
}

const nextOf = (cutover: CutoverView): string => {
  const { state } = cutover
  if (state === 'running') return nextOnTheWay(cutover)
  if (state === 'ending') return 'berth cutover status; the way back is under way'
  if (state === 'finished') return 'berth cutover notify: who still uses old URLs'
  return 'berth cutover start, when the reason is gone'
}

const nextOnTheWay = (cutover: CutoverView): string => {
  const { step, isDone, waitsFor, isAutomatic } = cutover
  if (!isDone) return nextUntilDone(cutover)
  if (step !== 'watch' && isAutomatic && !waitsFor?.includes('--force'))
    return 'nothing to type: it goes on by itself; berth cutover abort goes back'
  const when = waitsFor === null ? '' : ', when what it waits for is there'
  return `berth cutover ${step === 'watch' ? 'finish' : 'advance'}${when}; berth cutover abort goes back`
}

const nextUntilDone = ({ step, problem }: CutoverView): string =>
  step === 'hooks' && problem !== null
    ? 'berth cutover advance runs the hook again; advance --force goes past it; abort goes back'
    : 'nothing to type: it is asked again by itself; berth cutover abort goes back'

/** Between words; a word that is longer than a line is cut. */
const wrap = (text: string, width: number): string[] => {
  const lines = ['']
  for (const word of text.split(/\s+/).flatMap((one) => piecesOf(one, width))) {
    const line = lines.at(-1) ?? ''
    if (line === '') lines[lines.length - 1] = word
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}

const piecesOf = (word: string, width: number): string[] =>
  word.length <= width ? [word] : (word.match(new RegExp(`.{1,${Math.max(width, 1)}}`, 'g')) ?? [])
