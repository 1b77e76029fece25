/** Everything that a command prints. Data goes to stdout; progress and errors to stderr, so that `--json` stands alone. */
export const print = (line = ''): void => {
  process.stdout.write(`${line}\n`)
}

export const printJson = (value: unknown): void => print(JSON.stringify(value, undefined, 2))

export const note = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

/** A value alone on stdout, so that `X=$(berth …)` takes it; what to do with it on stderr. */
export const printSecret = (value: string, hint: string): void => {
  print(value)
  note(`\n${hint}`)
}

const isTerminal = process.stdout.isTTY && process.env['NO_COLOR'] === undefined
const paint = (code: number) => (text: string) =>
  isTerminal ? `\u001b[${code}m${text}\u001b[0m` : text
export const bold = paint(1)
export const green = paint(32)
export const yellow = paint(33)
export const red = paint(31)

/** `1 change`, `2 changes`. */
export const count = (amount: number, noun: string): string =>
  `${amount} ${noun}${amount === 1 ? '' : 's'}`

/** Columns as wide as their widest cell; the last one is cut where the terminal ends. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const limit = process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY
  const line = (row: readonly string[]) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd().slice(0, limit) // prettier-ignore
  return [bold(line(head)), ...rows.map(line)].join('\n')
}
