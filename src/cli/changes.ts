import type { LeftOut, PlanLine } from '../model/fleet.ts'
import { green, note, red, yellow } from './output.ts'

const MARK = { add: green('+'), remove: red('-'), change: yellow('~') } as const

/** Says which configs cannot be used and why, and what becomes of their services. */
export const noteLeftOut = ({ leftOut }: { leftOut: readonly LeftOut[] }): void => {
  for (const one of leftOut) note(`${yellow('left out:')} ${describeLeftOut(one)}`)
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
