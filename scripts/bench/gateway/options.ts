import { parseArgs } from 'node:util'
import { MEASUREMENTS, type MeasurementName } from './only.ts'

export type Options = {
  /** Of each measurement. */
  seconds: number
  /** Of load before the first one. */
  warmSeconds: number
  /** How often every way is measured, in turn. */
  rounds: number
  /** Idle event streams that are opened; 0: none. */
  streams: number
  json: boolean
  /** Undefined: the comparison of the ways. */
  only: MeasurementName | undefined
}

export const USAGE = `npm run bench:gateway -- [options]

The same client, upstream and machine, in turn: direct, bare http-proxy with a keep-alive agent, nginx with auth_request
(where nginx is installed), Berth's gateway with everything on. One process each.
  --seconds N   of each measurement (default: 4)
  --warm N      seconds of load on each way before that (default: 8)
  --rounds N    how often each way is measured; the median counts (default: 3)
  --streams N   idle event streams through Berth (default: 4000; 0: none)
  --only NAME   one measurement of Berth's gateway alone, with what it shall keep to; exit code 1 when it does not:
                timing     10,000 wrong URLs of each kind, interleaved: the medians lie within 5 %
                instances  1,000,000 in the database: throughput on 10,000 of them, the first request of others
                streams    memory per idle event stream, 4,000 and 10,000 of them
                abandoned  memory after 100,000 streams whose clients vanished
  --json        print JSON to stdout, alone
Berth runs on the Postgres at postgres://postgres@127.0.0.1:5432 (or TEST_DATABASE_URL).`

/** @throws RangeError or TypeError saying which argument is wrong */
export const readOptions = (args: readonly string[]): Options | 'help' => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '4' },
      warm: { type: 'string', default: '8' },
      rounds: { type: 'string', default: '3' },
      streams: { type: 'string', default: '4000' },
      json: { type: 'boolean', default: false },
      only: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  return {
    seconds: readNumber('--seconds', values.seconds, [1, 600]),
    warmSeconds: readNumber('--warm', values.warm, [0, 600]),
    rounds: readNumber('--rounds', values.rounds, [1, 99]),
    streams: readNumber('--streams', values.streams, [0, 14_000]),
    json: values.json,
    only: readOnly(values.only),
  }
}

const readOnly = (name: string | undefined): MeasurementName | undefined => {
  if (name === undefined || isMeasurement(name)) return name
  throw new RangeError(`--only is one of ${Object.keys(MEASUREMENTS).join(', ')}, not "${name}"`)
}

const isMeasurement = (name: string): name is MeasurementName => name in MEASUREMENTS

const readNumber = (name: string, text: string, [least, most]: [number, number]): number => {
  const value = Number(text)
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new RangeError(`${name} is a number from ${least} to ${most}, not "${text}"`)
}
