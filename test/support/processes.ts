import { readdirSync, readFileSync } from 'node:fs'

const read = (file: string): string => {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}

export const environmentOfProcess = (pid: number): string[] =>
  read(`/proc/${pid}/environ`).split('\0').filter(Boolean)

export const commandLineOf = (pid: number): string => read(`/proc/${pid}/cmdline`)

/** Living processes that carry a text (a folder's path, say) anywhere in their environment. */
export const processesNaming = (text: string): number[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && read(`/proc/${entry}/environ`).includes(text))
    .map(Number)

/** Whether a process lives; one that has ended and waits for its parent does not. */
export const isAlive = (pid: number): boolean =>
  /\) [^ZX]/.test(read(`/proc/${pid}/stat`).replace(/^[^)]*/s, ''))
