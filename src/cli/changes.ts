import type { PlanLine } from '../model/fleet.ts'
import type { Finding } from '../registry/finding.ts'
import { green, note, red, yellow } from './output.ts'

const MARK = { add: green('+'), remove: red('-'), change: yellow('~') } as const

/** Says which configs cannot be used and why: their services count as removed. */
export const noteLeftOut = ({ findings }: { findings: readonly Finding[] }): void => {
  for (const { severity, file, path, message } of findings)
    if (severity === 'error')
      note(`${yellow('left out:')} ${file}${path && ` at ${path}`}: ${message}`)
}

/** One line of a plan: what, where, and which settings make the difference. */
export const describeChange = ({ action, kind, name, host, fields }: PlanLine): string => {
  const where = kind === 'service' ? ` on ${host}` : ''
  const why = fields.length > 0 ? `: ${fields.join(', ')}` : ''
  return `${MARK[action]} ${kind} ${name}${where}${why}`
}
