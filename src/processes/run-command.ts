import { spawn } from 'node:child_process'
import { AppError } from '../base/errors.ts'

/** So much of what a command says is kept for who asks why it failed. */
const MAX_OUTPUT = 2_000

/**
 * Runs an operator's command, without a shell, and waits for its end. After the deadline it is killed with everything that it
 * started.
 *
 * @param environment in full
 * @throws AppError `hook_failed`, with what it said last
 */
export const runCommand = (
  [program = '', ...args]: readonly string[],
  {
    deadlineMs,
    environment,
  }: { deadlineMs: number; environment: Readonly<Record<string, string>> },
): Promise<void> =>
  new Promise((resolve, reject) => {
    let said = ''
    const listen = (bytes: Buffer) => {
      said = `${said}${bytes.toString('utf8')}`.slice(-MAX_OUTPUT)
    }
    const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true }) // prettier-ignore
    const fail = (how: string, cause?: Error) => {
      clearTimeout(timer)
      reject(new AppError('hook_failed', `${program} ${how}${said === '' ? '' : `: ${said.trim()}`}`, { cause })) // prettier-ignore
    }
    const timer = setTimeout(() => {
      fail(`did not end within ${deadlineMs / 1000} s`)
      if (child.pid !== undefined) killGroup(child.pid)
    }, deadlineMs)
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.once('error', (cause) => fail(`cannot be run (${cause.message})`, cause))
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      if (code === 0) resolve()
      else fail(`ended with ${code ?? signal ?? 'nothing'}`)
    })
  })

const killGroup = (pid: number): void => {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // it ended a moment ago
  }
}
