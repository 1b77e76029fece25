import { spawn } from 'node:child_process'
import { AppError } from '../base/errors.ts'
import { redactText } from '../base/redact.ts'

/** So much of what a command says is kept for who asks why it failed. */
const MAX_OUTPUT = 2_000
/** What it says is shown and stored, and a script's trace or an `env` may say anything. */
const ASSIGNED = /([\w-]*(?:key|token|secret|pass|password|passphrase)["']?\s*[=:]\s*)\S+/gi

type Options = {
  deadlineMs: number
  /** In full. */
  environment: Readonly<Record<string, string>>
  /** Ends it before the deadline. */
  signal?: AbortSignal | undefined
}

/**
 * Runs an operator's command, without a shell, and waits for its end. After the deadline it is killed with everything that it
 * started.
 *
 * @throws AppError `hook_failed`, with what it said last, without secrets as far as they can be told
 */
export const runCommand = (
  [program = '', ...args]: readonly string[],
  { deadlineMs, environment, signal }: Options,
): Promise<void> =>
  new Promise((resolve, reject) => {
    let said = ''
    const listen = (bytes: Buffer) => {
      said = `${said}${bytes.toString('utf8')}`.slice(-MAX_OUTPUT)
    }
    const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true }) // prettier-ignore
    const leave = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', endNow)
    }
    const fail = (how: string, cause?: Error) => {
      leave()
      const told = redactText(said.trim()).replace(ASSIGNED, '$1[secret]')
      reject(new AppError('hook_failed', `${program} ${how}${told === '' ? '' : `: ${told}`}`, { cause })) // prettier-ignore
    }
    const end = (why: string) => {
      fail(why)
      if (child.pid !== undefined) killGroup(child.pid)
    }
    const timer = setTimeout(() => end(`did not end within ${deadlineMs / 1000} s`), deadlineMs)
    const endNow = () => end('was ended')
    signal?.addEventListener('abort', endNow)
    if (signal?.aborted) endNow()
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.once('error', (cause) => fail(`cannot be run (${cause.message})`, cause))
    child.once('exit', (code, by) => {
      leave()
      if (code === 0) resolve()
      else fail(`ended with ${code ?? by ?? 'nothing'}`)
    })
  })

const killGroup = (pid: number): void => {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // it ended a moment ago
  }
}
