import type { LeftOut, PlanLine, Slip } from '../model/fleet.ts'
import { green, note, red, yellow } from './output.ts'

const MARK = { add: green('+'), remove: red('-'), change: yellow('~') } as const

type Troubles = { leftOut: readonly LeftOut[]; slips?: readonly Slip[] }

/** Of many slips only so many are told. */
const MAX_SLIPS = 20

/** Says which configs cannot be used and why, what becomes of their services, and what was put right in those that change. */
export const noteTroubles = ({ leftOut, slips = [] }: Troubles): void => {
  for (const one of leftOut) note(`${yellow('left out:')} ${describeLeftOut(one)}`)
  for (const { file, path, message } of slips.slice(0, MAX_SLIPS))
    note(`${yellow('slip:')} ${file}${path && ` at ${path}`}: ${message}`)
  if (slips.length > MAX_SLIPS) note(`${slips.length - MAX_SLIPS} more slips: berth registry lint`)
}

export const describeLeftOut = ({ file, path, message, kept }: LeftOut): string => {
  const then = kept === undefined ? '' : `. ${kept} goes on with the config it had`
  return `${file}${path && ` at ${path}`}: ${message}${then}`
}

/** `1 change`, `2 changes`. */
export const countChanges = (count: number): string => `${count} change${count === 1 ? '' : 's'}`

/** One line of a plan: what, where, and which settings make the difference. */
export const describeChange = ({ action, kind, name, host, fields }: PlanLine): string => {
  const where = kind === 'service' ? ` on ${host}` : ''
  const why = fields.length > 0 ? `: ${fields.join(', ')}` : ''
  return `${MARK[action]} ${kind} ${name}${where}${why}`
}
