import { parseArgs } from 'node:util'

export type Options = {
  /** Of each measurement. */
  seconds: number
  /** How often every way is measured, in turn. */
  rounds: number
  /** Idle event streams that are opened; 0: none. */
  streams: number
  json: boolean
}

export const USAGE = `npm run bench:gateway -- [options]

The same client, upstream and machine, in turn: direct, bare http-proxy with a keep-alive agent, nginx with auth_request
(where nginx is installed), Berth's gateway with everything on. One process each.
  --seconds N   of each measurement (default: 4)
  --rounds N    how often each way is measured; the median counts (default: 3)
  --streams N   idle event streams through Berth (default: 4000; 0: none)
  --json        print JSON to stdout, alone
Berth runs on the Postgres at postgres://postgres@127.0.0.1:5432 (or TEST_DATABASE_URL).`

/** @throws RangeError or TypeError saying which argument is wrong */
export const readOptions = (args: readonly string[]): Options | 'help' => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '4' },
      rounds: { type: 'string', default: '3' },
      streams: { type: 'string', default: '4000' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  return {
    seconds: readNumber('--seconds', values.seconds, [1, 600]),
    rounds: readNumber('--rounds', values.rounds, [1, 99]),
    streams: readNumber('--streams', values.streams, [0, 14_000]),
    json: values.json,
  }
}

const readNumber = (name: string, text: string, [least, most]: [number, number]): number => {
  const value = Number(text)
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new RangeError(`${name} is a number from ${least} to ${most}, not "${text}"`)
}
