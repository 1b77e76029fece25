import type { Size } from './view.ts'

const ENTER = '\u001b[?1049h\u001b[?25l'
const LEAVE = '\u001b[?25h\u001b[?1049l'
/** Terminals that know it show a frame at once, others ignore it. */
const [BEGIN, END] = ['\u001b[?2026h\u001b[H', '\u001b[J\u001b[?2026l']

type ScreenOptions = { onKey: (key: string) => void; onResize: () => void }

/** Single characters, and what a key such as an arrow sends as a whole. */
export const splitKeys = (keys: string): string[] =>
  keys.match(/\u001b\[[\d;]*[A-Za-z~]|[^]/gu) ?? []

/** The terminal's other screen. It comes back as it was, however this process ends, but for `kill -9`. */
export const openScreen = ({ onKey, onResize }: ScreenOptions) => {
  const { stdin, stdout } = process
  let isOpen = true
  const close = (): void => {
    if (!isOpen) return
    isOpen = false
    stdin.setRawMode(false)
    stdin.pause()
    stdout.write(LEAVE)
  }
  process.once('exit', close)
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const)
    process.once(signal, () => process.exit(0))
  stdin.setRawMode(true)
  stdin.setEncoding('utf8')
  // Keys that are pressed fast come together.
  stdin.on('data', (keys: string) => splitKeys(keys).forEach(onKey))
  stdout.on('resize', onResize)
  stdout.write(ENTER)
  return {
    // A terminal that does not know says 0.
    size: (): Size => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    /** One write for the whole frame: nothing flickers. */
    draw: (lines: readonly string[]): void => {
      if (isOpen)
        stdout.write(`${BEGIN}${lines.map((line) => `${line}\u001b[K`).join('\r\n')}${END}`)
    },
    close,
  }
}
