// Moves the instances of an older database, beside the bare insert … select on the same rows.
import { parseArgs } from 'node:util'
import { messageOf } from '../../../src/base/errors.ts'
import { note, print, printJson } from '../../../src/cli/output.ts'
import { measureModels } from './models.ts'
import { measureRows } from './rows.ts'

const USAGE = `npm run bench:migration -- [--only rows|models] [--rows N] [--json]
       [--users U] [--services S] [--idle SECONDS] [--calls N]

rows: fills a Postgres with N instances of the older model (100,000 by default), runs the bare insert … select on them, then
berth migrate run; the backup that it takes is not counted. Memory is the command's peak.

models: U users with S services each (5 × 8), once as a process of the host program per user and service, once as a shared
fleet with gateway, daemon and PM2, both without the database: processes, start, memory (PSS), processor time of idling (10 s)
and calls (10 per instance), and per call.`

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: 'rows' },
      rows: { type: 'string', default: '100000' },
      users: { type: 'string', default: '5' },
      services: { type: 'string', default: '8' },
      idle: { type: 'string', default: '10' },
      calls: { type: 'string', default: '10' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help || !['rows', 'models'].includes(values.only)) {
    print(USAGE)
    return
  }
  const [users, services, idleSeconds, calls] = [values.users, values.services, values.idle, values.calls].map(Number) as [number, number, number, number] // prettier-ignore
  const figures =
    values.only === 'rows'
      ? await measureRows(Number(values.rows))
      : await measureModels({ users, services, idleSeconds, calls })
  if (values.json) printJson(figures)
  else for (const [name, value] of Object.entries(figures)) print(`${name.padEnd(18)} ${value}`)
}

main().catch((error: unknown) => {
  note(messageOf(error))
  process.exitCode = 1
})
