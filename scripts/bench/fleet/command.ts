import { execFile } from 'node:child_process'

export type Command = {
  /** A node program and its arguments. */
  args: readonly string[]
  /** The whole environment. */
  env: Readonly<Record<string, string>>
  deadlineMs: number
  /** Ends the command when it aborts. */
  signal: AbortSignal
  /** A failure that is none for the benchmark. */
  forgive?: (stdout: string) => boolean
}

/** More than `berth status --json` prints of thousands of services. */
const MAX_BYTES = 64 * 1024 * 1024

/**
 * Runs a node program to its end.
 * @returns what it printed
 * @throws Error with the last lines that it printed, when it fails or takes longer than it may
 */
export const runNode = ({ args, env, forgive, ...bounds }: Command): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = {
      env: { ...env },
      maxBuffer: MAX_BYTES,
      timeout: bounds.deadlineMs,
      signal: bounds.signal,
    }
    const child = execFile(process.execPath, [...args], options, (cause, stdout, stderr) => {
      if (!cause || forgive?.(stdout)) return resolve(stdout)
      const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-5).join('\n')
      const why = cause.killed ? `took more than ${bounds.deadlineMs / 1000} s` : 'failed'
      reject(new Error(`${args.slice(0, 2).join(' ')} ${why}: ${said}`, { cause }))
    })
    child.stdin?.end()
  })
