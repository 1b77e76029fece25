import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { messageOf } from '../base/errors.ts'
import { ok, someOf, warning, type Verdict } from './finding.ts'
import { covers, formatRanges, mergeRanges, parseRanges, rangesOf, type Range } from './port-ranges.ts' // prettier-ignore
import { persist, persistCommand, readPersisted } from './sysctl-files.ts'

/** Where the kernel says and takes it, and where it is kept for the next boot. */
export type PortFiles = { range: string; reserved: string; sysctl: string }

export type ReservedPortsNeeds = { ports: readonly number[]; files: PortFiles; fix: boolean }

const WHY =
  'Linux hands these ports out to outgoing connections: one that has got a static port keeps its service from starting'

/**
 * Static ports in the range from which the kernel takes ports for outgoing connections must be reserved. With `fix` they
 * are, now and for the next boot, together with whatever was reserved before.
 */
export const checkReservedPorts = ({ ports, files, fix }: ReservedPortsNeeds): Verdict[] => {
  const ephemeral = portsBetween(ports, readRange(files.range))
  if (ephemeral.length === 0) return [ok('no static port lies in the ephemeral range')]
  const now = readReserved(files)
  const isFixed = isCovered(ephemeral, now) && isCovered(ephemeral, kept(files))
  const problems = fix && !isFixed ? reserve(ephemeral, files) : []
  const left = ephemeral.filter((port) => !covers(readReserved(files), port))
  if (left.length > 0) return [notReserved(left, { ephemeral, files, problems, wasTried: fix })]
  if (isCovered(ephemeral, kept(files)))
    return [ok(`${countOf(ephemeral)} in the ephemeral range, all reserved`)]
  if (fix) return [notKept(ephemeral, files, problems)]
  return [
    ok(`${countOf(ephemeral)} reserved until the next boot; berth doctor --fix keeps them so`),
  ] // prettier-ignore
}

const notReserved = (
  left: readonly number[],
  { ephemeral, files, problems, wasTried }: Attempt,
): Verdict =>
  warning({
    what: `${countOf(left)} in the ephemeral range not reserved: ${someOf(rangesOf(left).map((range) => formatRanges([range])))}`,
    why: [WHY, ...problems].join('; '),
    fix:
      !wasTried && isWritable(files.reserved)
        ? 'berth doctor --fix'
        : persistCommand(files.sysctl, wanted(ephemeral, files)),
  })

const countOf = ({ length }: readonly number[]): string =>
  `${length} static ${length === 1 ? 'port' : 'ports'}`

type Attempt = {
  ephemeral: readonly number[]
  files: PortFiles
  problems: readonly string[]
  wasTried: boolean
}

const notKept = (
  ephemeral: readonly number[],
  files: PortFiles,
  problems: readonly string[],
): Verdict => {
  const other = readPersisted(dirname(files.sysctl))?.file
  const isOverruled = problems.length === 0 && other !== undefined
  return warning({
    what: 'the static ports are reserved, but only until the next boot',
    why: isOverruled ? `${other} sets the same and is read later` : problems.join('; '),
    fix: isOverruled
      ? `add ${formatRanges(rangesOf(ephemeral))} to the line in ${other}`
      : persistCommand(files.sysctl, wanted(ephemeral, files)),
  })
}

/** Tries both places, since a container may be allowed one of them. @returns what went wrong */
const reserve = (ephemeral: readonly number[], files: PortFiles): string[] => {
  const ranges = wanted(ephemeral, files)
  return [
    () => writeFileSync(files.reserved, `${formatRanges(ranges)}\n`),
    () => persist(files.sysctl, ranges),
  ].flatMap((write) => {
    try {
      write()
      return []
    } catch (error) {
      return [messageOf(error)]
    }
  })
}

const wanted = (ephemeral: readonly number[], files: PortFiles): Range[] =>
  mergeRanges([...readReserved(files), ...kept(files), ...rangesOf(ephemeral)])

const readReserved = ({ reserved }: PortFiles): Range[] => parseRanges(readFileSync(reserved, 'utf8')) // prettier-ignore

const kept = ({ sysctl }: PortFiles): Range[] => readPersisted(dirname(sysctl))?.ranges ?? []

const isCovered = (ports: readonly number[], ranges: readonly Range[]): boolean =>
  ports.every((port) => covers(ranges, port))

/** The kernel writes `32768	60999`. */
const readRange = (file: string): Range => {
  const [first = 0, last = 0] = readFileSync(file, 'utf8').trim().split(/\s+/).map(Number)
  return [first, last]
}

const portsBetween = (ports: readonly number[], range: Range): number[] =>
  [...new Set(ports)].filter((port) => covers([range], port)).sort((a, b) => a - b)

const isWritable = (file: string): boolean => {
  try {
    accessSync(file, constants.W_OK)
    return true
  } catch {
    return false
  }
}
