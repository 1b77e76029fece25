import type { FleetStatus } from '../../model/fleet.ts'
import type { Extent } from './keys.ts'
import type { TopRow } from './rows.ts'
import { select, type Selection } from './selection.ts'

export type Size = { columns: number; rows: number }
export type Shown = { status: FleetStatus; rows: readonly TopRow[]; at: Date; problem?: string }

type Column = { title: string; width: number; cell: (row: TopRow) => string; isText?: true }

const NAME_WIDTH = 24
/** Above and below the rows: summary, hosts, head, keys. */
const FRAME_LINES = 4

const COLUMNS: readonly Column[] = [
  { title: 'STATE', width: 11, cell: (row) => row.state, isText: true },
  { title: 'REQ/S', width: 8, cell: (row) => rate(row.requestsPerSecond) },
  { title: 'P95', width: 9, cell: (row) => (row.p95Ms === null ? '-' : time(row.p95Ms)) },
  { title: 'ERR/S', width: 7, cell: (row) => rate(row.errorsPerSecond) },
  { title: 'OPEN', width: 5, cell: (row) => (row.inFlight === 0 ? '-' : String(row.inFlight)) },
  { title: 'MEMORY', width: 8, cell: (row) => megabytes(row.memoryBytes) },
  { title: 'RESTARTS', width: 8, cell: (row) => String(row.restarts) },
  { title: 'HOST', width: 16, cell: (row) => row.host, isText: true },
]

const rate = (perSecond: number): string =>
  perSecond === 0 ? '-' : perSecond.toFixed(perSecond < 100 ? 1 : 0)
const time = (ms: number): string => (ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`) // prettier-ignore
const megabytes = (bytes: number): string => (bytes === 0 ? '-' : `${Math.round(bytes / 1024 / 1024)} MB`) // prettier-ignore

export const extentOf = (shown: Shown, selection: Selection, size: Size): Extent => ({
  found: select(shown.rows, selection).length,
  fitting: Math.max(1, size.rows - FRAME_LINES),
})

/** The lines of the screen: as many as it has, none wider than it is. */
export const renderTop = (shown: Shown, selection: Selection, size: Size): string[] => {
  const { fitting } = extentOf(shown, selection, size)
  const found = select(shown.rows, selection)
  const offset = Math.min(selection.offset, Math.max(0, found.length - fitting))
  const rows = found.slice(offset, offset + fitting)
  const lines = [
    summary(shown),
    hostLine(shown.status),
    invert(headLine(selection).padEnd(size.columns).slice(0, size.columns)),
    ...rows.map(rowLine),
    ...Array.from({ length: fitting - rows.length }, () => ''),
    footer(selection, { from: offset + 1, to: offset + rows.length, of: found.length }),
  ]
  return lines.slice(-size.rows).map((line) => cut(line, size.columns))
}

const summary = ({ status, rows, at, problem }: Shown): string => {
  if (problem !== undefined) return `${at.toISOString().slice(11, 19)}  ${problem}`
  const states = [...new Set(rows.map(({ state }) => state))]
  const counts = states.map(
    (state) => `${rows.filter((row) => row.state === state).length} ${state}`,
  )
  const sum = (read: (row: TopRow) => number) => rows.reduce((total, row) => total + read(row), 0)
  const load = `${rate(sum((row) => row.requestsPerSecond))} req/s, ${rate(sum((row) => row.errorsPerSecond))} err/s`
  return `${at.toISOString().slice(11, 19)}  ${status.services.length} services: ${counts.join(', ')}  ${load}`
}

const hostLine = ({ hosts }: FleetStatus): string => {
  const online = hosts.filter(({ state }) => state === 'online').length
  const bytes = hosts.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0)
  const restarts = hosts.reduce((sum, host) => sum + host.restarts, 0)
  return `${online} of ${hosts.length} hosts online, ${megabytes(bytes)}, ${restarts} restarts`
}

const headLine = ({ sort, isReversed }: Selection): string => {
  const marked = (title: string) =>
    title.toLowerCase().startsWith(sort.slice(0, 3)) ? `${isReversed ? '^' : 'v'}${title}` : title
  const cells = COLUMNS.map(({ title, width, isText }) => align(marked(title), width, isText))
  return [marked('SERVICE').padEnd(NAME_WIDTH), ...cells].join(' ')
}

const rowLine = (row: TopRow): string => {
  const cells = COLUMNS.map(({ width, cell, isText, title }) => {
    const text = align(cell(row), width, isText)
    return title === 'STATE' ? paintState(row.state, text) : text
  })
  return [row.service.padEnd(NAME_WIDTH).slice(0, NAME_WIDTH), ...cells].join(' ')
}

const align = (text: string, width: number, isText?: true): string =>
  (isText ? text.padEnd(width) : text.padStart(width)).slice(0, width)

const footer = (
  { search, isSearching, filter }: Selection,
  { from, to, of }: { from: number; to: number; of: number },
): string => {
  if (isSearching) return `/${search}_   (enter: keep, esc: clear)`
  const where = of === 0 ? 'nothing found' : `${from}-${to} of ${of}`
  const searched = search === '' ? '' : ` "${search}"`
  return `${where}${searched}, ${filter}   q quit  s sort  r reverse  f filter  / search  arrows, space, g, G scroll`
}

const invert = (text: string): string => `\u001b[7m${text}\u001b[0m`

const COLOURS: Partial<Record<string, number>> = { healthy: 32, planned: 32, stopped: 2, starting: 36, degraded: 33 } // prettier-ignore
const paintState = (state: string, text: string): string =>
  `\u001b[${COLOURS[state] ?? 31}m${text}\u001b[0m`

const ESCAPES = /\u001b\[\d*m/y

/** Cuts at a width that colours do not count for. */
const cut = (line: string, columns: number): string => {
  let width = 0
  let index = 0
  while (index < line.length && width < columns) {
    ESCAPES.lastIndex = index
    const escape = ESCAPES.exec(line)
    if (escape) index += escape[0].length
    else {
      index += 1
      width += 1
    }
  }
  return index < line.length ? `${line.slice(0, index)}\u001b[0m` : line
}
