import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { systemCodeOf } from '../base/errors.ts'
import { formatRanges, parseRanges, type Range } from './port-ranges.ts'

const KEY = 'net.ipv4.ip_local_reserved_ports'
const LINE = /^[ \t]*-?net[./]ipv4[./]ip_local_reserved_ports[ \t]*=[ \t]*(.*)$/m

/** What the next boot reserves: of several files in the folder the last one by name wins. */
export const readPersisted = (folder: string): { file: string; ranges: Range[] } | undefined =>
  namesIn(folder)
    .filter((name) => name.endsWith('.conf'))
    .sort()
    .reverse()
    .flatMap((name) => {
      const value = LINE.exec(textOf(join(folder, name)))?.[1]
      return value === undefined ? [] : [{ file: join(folder, name), ranges: parseRanges(value) }]
    })[0]

/** Writes the setting into a file whole or not at all; its other lines stay. */
export const persist = (file: string, ranges: readonly Range[]): void => {
  const line = `${KEY} = ${formatRanges(ranges)}`
  const before = textOf(file)
  const rest = before === '' || before.endsWith('\n') ? before : `${before}\n`
  const text = LINE.test(before) ? before.replace(LINE, line) : `${rest}${HEAD}${line}\n`
  mkdirSync(dirname(file), { recursive: true })
  // sysctl reads names that end in .conf only
  const draft = join(dirname(file), `.${basename(file)}.${process.pid}`)
  writeFileSync(draft, text, { mode: 0o644 })
  renameSync(draft, file)
}

const HEAD =
  '# Static ports of Berth: outgoing connections must not take them (berth doctor --fix).\n'

/** The same for an operator who may and we may not. */
export const persistCommand = (file: string, ranges: readonly Range[]): string =>
  `echo '${KEY} = ${formatRanges(ranges)}' | sudo tee ${file} && sudo sysctl -p ${file}`

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder)
  } catch {
    return [] // no such folder: nothing is kept
  }
}

const textOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return ''
    throw error
  }
}
