import { execFile } from 'node:child_process'
import { join } from 'node:path'

const COMMAND = join(import.meta.dirname, '../../dist/cli/main.js')
const DEADLINE_MS = 120_000

export type Ran = { code: number; stdout: string; stderr: string }

/**
 * Runs the built `berth` command. The environment is given in full: nothing of the tester's own reaches it but PATH.
 */
export const runBerth = (
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  stdin = '',
): Promise<Ran> =>
  new Promise((resolve) => {
    const path = process.env['PATH'] ?? ''
    const child = execFile(
      process.execPath,
      [COMMAND, ...args],
      { env: { PATH: path, ...env }, timeout: DEADLINE_MS, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0
        resolve({ code, stdout, stderr })
      },
    )
    child.stdin?.end(stdin)
  })
