#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { EXIT, reportFailure } from './run.ts'

type Verb = { add: (program: Command) => void }

/** A verb's code is loaded when it is called. */
const VERBS: Readonly<Record<string, () => Promise<Verb>>> = {
  up: () => import('./commands/up.ts'),
  down: () => import('./commands/down.ts'),
  plan: () => import('./commands/plan.ts'),
  apply: () => import('./commands/apply.ts'),
  restart: () => import('./commands/restart.ts'),
  stop: () => import('./commands/stop.ts'),
  start: () => import('./commands/start.ts'),
  status: () => import('./commands/status.ts'),
  webhook: () => import('./commands/webhook.ts'),
  why: () => import('./commands/why.ts'),
  events: () => import('./commands/events.ts'),
  top: () => import('./commands/top.ts'),
  usage: () => import('./commands/usage.ts'),
  logs: () => import('./commands/logs.ts'),
  health: () => import('./commands/health.ts'),
  doctor: () => import('./commands/doctor.ts'),
  startup: () => import('./commands/startup.ts'),
  demo: () => import('./commands/demo.ts'),
  user: () => import('./commands/user.ts'),
  token: () => import('./commands/token.ts'),
  instance: () => import('./commands/instance.ts'),
  oauth: () => import('./commands/oauth.ts'),
  registry: () => import('./commands/registry.ts'),
  ecosystem: () => import('./commands/ecosystem.ts'),
  db: () => import('./commands/db.ts'),
  audit: () => import('./commands/audit.ts'),
  keys: () => import('./commands/keys.ts'),
  migrate: () => import('./commands/migrate.ts'),
  cutover: () => import('./commands/cutover.ts'),
  pm2: () => import('./commands/pm2.ts'),
  daemon: () => import('./commands/daemon.ts'),
  gateway: () => import('./commands/gateway.ts'),
  completion: () => import('./commands/completion.ts'), // last: it completes those before
}

/** The verbs that this call needs: its own, or all for the help. What completes a verb's words needs that one beside itself. */
const neededFor = ([verb = '', separator, completed = '', ...more]: readonly string[]): (() => Promise<Verb>)[] => {
  const all = Object.values(VERBS)
  const isCompleting = verb === 'complete' && separator === '--' && more.length > 0
  const called = VERBS[isCompleting ? completed : verb]
  if (!called) return all
  return isCompleting ? [called, ...all.slice(-1)] : [called]
} // prettier-ignore

// `berth status | head` closes the pipe early; that is no failure.
process.stdout.on('error', () => process.exit(0))

const main = async (): Promise<void> => {
  const program = new Command('berth')
    .description('One shared fleet of services for many users.')
    .exitOverride()
    .showSuggestionAfterError()
    .enablePositionalOptions()
  const verbs = await Promise.all(neededFor(process.argv.slice(2)).map((load) => load()))
  for (const verb of verbs) verb.add(program)
  await program.parseAsync()
}

main().catch((error: unknown) => {
  if (!(error instanceof CommanderError)) reportFailure(error)
  else process.exitCode = error.exitCode === 0 ? 0 : EXIT.usage // commander has said what is wrong
})
