import { parseArgs } from 'node:util'

export const WAYS = ['usual', 'bare', 'packed', 'dedicated'] as const
export type WayName = (typeof WAYS)[number]

const PARTS = [...WAYS, 'growth'] as const
type Part = (typeof PARTS)[number]

export type Options = {
  /** Undefined: as many as the shipped registry has. */
  services: number | undefined
  ways: readonly WayName[]
  growth: boolean
  json: boolean
}

/** More would not fit below the ports that Linux takes for outgoing connections. */
const MOST_SERVICES = 1_700

export const USAGE = `npm run bench:fleet -- [options]

Starts the services in several ways, one after the other, and compares time and memory.
  --services N   how many (default: all of the shipped registry; at most ${MOST_SERVICES})
  --only LIST    comma-separated, of ${PARTS.join(', ')} (default: all)
  --json         print JSON to stdout, alone
Needs a Postgres at postgres://postgres@127.0.0.1:5432 (or TEST_DATABASE_URL) for packed, dedicated and growth.`

/** @throws RangeError or TypeError saying which argument is wrong */
export const readOptions = (args: readonly string[]): Options | 'help' => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      services: { type: 'string' },
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const parts = readParts(values.only)
  return {
    services: readCount(values.services),
    ways: WAYS.filter((way) => parts.includes(way)),
    growth: parts.includes('growth'),
    json: values.json,
  }
}

const readParts = (text: string | undefined): readonly Part[] => {
  if (text === undefined) return PARTS
  return text.split(',').map((name) => {
    const part = PARTS.find((known) => known === name.trim())
    if (!part) throw new RangeError(`--only knows ${PARTS.join(', ')}, but not "${name}"`)
    return part
  })
}

const readCount = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined
  const count = Number(text)
  if (Number.isInteger(count) && count >= 1 && count <= MOST_SERVICES) return count
  throw new RangeError(`--services is a number from 1 to ${MOST_SERVICES}, not "${text}"`)
}
