// Moves the instances of an older database, beside the bare insert … select on the same rows.
import { parseArgs } from 'node:util'
import { messageOf } from '../../../src/base/errors.ts'
import { note, print, printJson } from '../../../src/cli/output.ts'
import { measureRows } from './rows.ts'

const USAGE = `npm run bench:migration -- [--only rows] [--rows N] [--json]

rows: fills a Postgres with N instances of the older model (100,000 by default), runs the bare insert … select on them, then
berth migrate run; the backup that it takes is not counted. Memory is the command's peak.`

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: 'rows' },
      rows: { type: 'string', default: '100000' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help || values.only !== 'rows') {
    print(USAGE)
    return
  }
  const figures = await measureRows(Number(values.rows))
  if (values.json) printJson(figures)
  else for (const [name, value] of Object.entries(figures)) print(`${name.padEnd(18)} ${value}`)
}

main().catch((error: unknown) => {
  note(messageOf(error))
  process.exitCode = 1
})
