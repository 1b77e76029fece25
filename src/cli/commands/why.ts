import type { Command } from 'commander'
import { readConfig } from '../../base/config.ts'
import { bold, note, print, printJson } from '../output.ts'
import { explain, type Why } from '../why.ts'

export const add = (program: Command): void => {
  program
    .command('why')
    .description('what happened to a service: events, restarts, config changes, last log lines')
    .argument('<service>')
    .option('--json', 'print JSON')
    .action(async (service: string, { json }: { json?: boolean }) => {
      const why = await explain(readConfig(), service)
      if (json) printJson(why)
      else printWhy(why)
    })
}

const printWhy = ({ service, port, host, timeline, health, missing }: Why): void => {
  print(`${bold(service)} on port ${port}, in ${host}`)
  if (health) print(healthLine(health))
  print()
  for (const { at, kind, text } of timeline) print(`${at}  ${kind.padEnd(8)}  ${text}`)
  for (const what of missing) note(`Not looked at: ${what}`)
}

const healthLine = (health: NonNullable<Why['health']>): string => {
  const { state, since, cause, reason, uptime } = health
  const why = cause === null ? '' : ` (${cause}: ${reason ?? ''})`
  const up = uptime.day === null ? '' : `, up ${uptime.day.toFixed(2)} % of the last 24 h`
  return `${state} since ${since}${why}${up}`
}
