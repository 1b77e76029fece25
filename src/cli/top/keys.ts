import { FILTERS, SORTS, type Selection } from './selection.ts'

/** How far one can go: rows that were found, and rows that fit. */
export type Extent = { found: number; fitting: number }

const next = <T>(all: readonly T[], one: T): T => all[(all.indexOf(one) + 1) % all.length] ?? one

const ENTER = ['\r', '\n']
const ESCAPE = '\u001b'
const BACKSPACE = ['\u007f', '\b']

type Change = (selection: Selection, extent: Extent) => Partial<Selection>

const by = (rows: number): Change => ({ offset }) => ({ offset: offset + rows }) // prettier-ignore

const CHANGES: Readonly<Record<string, Change>> = {
  s: ({ sort }) => ({ sort: next(SORTS, sort), offset: 0 }),
  r: ({ isReversed }) => ({ isReversed: !isReversed, offset: 0 }),
  f: ({ filter }) => ({ filter: next(FILTERS, filter), offset: 0 }),
  '/': () => ({ isSearching: true }),
  [ESCAPE]: () => ({ search: '', offset: 0 }),
  j: by(1),
  k: by(-1),
  '\u001b[B': by(1),
  '\u001b[A': by(-1),
  ' ': ({ offset }, { fitting }) => ({ offset: offset + fitting }),
  '\u001b[6~': ({ offset }, { fitting }) => ({ offset: offset + fitting }),
  '\u001b[5~': ({ offset }, { fitting }) => ({ offset: offset - fitting }),
  g: () => ({ offset: 0 }),
  G: (_selection, { found }) => ({ offset: found }),
}

/** What a key makes of the selection; `quit` for those that end it. */
export const pressKey = (selection: Selection, key: string, extent: Extent): Selection | 'quit' => {
  if (key === '\u0003') return 'quit'
  if (selection.isSearching) return typeKey(selection, key)
  if (key === 'q') return 'quit'
  const changed = { ...selection, ...CHANGES[key]?.(selection, extent) }
  const last = Math.max(0, extent.found - extent.fitting)
  return { ...changed, offset: Math.min(Math.max(0, changed.offset), last) }
}

const typeKey = (selection: Selection, key: string): Selection => {
  if (ENTER.includes(key)) return { ...selection, isSearching: false }
  if (key === ESCAPE) return { ...selection, isSearching: false, search: '' }
  const search = BACKSPACE.includes(key)
    ? selection.search.slice(0, -1)
    : selection.search + key.replace(/[^\w.-]/g, '')
  return { ...selection, search, offset: 0 }
}
