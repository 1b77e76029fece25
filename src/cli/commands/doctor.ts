import type { Command } from 'commander'
import { readConfig } from '../../base/config.ts'
import type { Finding, Level } from '../../doctor/finding.ts'
import { runChecks } from '../../doctor/run-checks.ts'
import { loadWantedFleet } from '../../compose/fleet/wanted.ts'
import { composeChecks } from '../doctor-checks.ts'
import { gatherFacts } from '../doctor-facts.ts'
import { green, print, printJson, red, yellow } from '../output.ts'
import { EXIT } from '../run.ts'

/** Above the five seconds that PM2 and Postgres have to answer. */
const DEADLINE_MS = 10_000

export const add = (program: Command): void => {
  program
    .command('doctor')
    .description('look for what keeps the fleet from running well, and say what mends it')
    .option('--fix', 'reserve the static ports, now and for the next boot (needs root)')
    .option('--json', 'print JSON')
    .action(async ({ fix = false, json }: { fix?: boolean; json?: boolean }) => {
      const findings = await examine(fix)
      const ok = findings.every(({ level }) => level !== 'error')
      if (json) printJson({ findings, ok })
      else printFindings(findings)
      // Not by running out of work: a check that missed its deadline may still wait for an answer.
      process.exit(ok ? 0 : EXIT.failed)
    })
}

const examine = async (fix: boolean): Promise<Finding[]> => {
  const config = readConfig()
  const fleet = await loadWantedFleet(config).catch((failure: unknown) => ({ failure }))
  const databaseUrlFile = process.env['DATABASE_URL_FILE'] || undefined
  const facts = gatherFacts(config)
  return runChecks(composeChecks({ config, facts, fleet, databaseUrlFile, fix }), DEADLINE_MS)
}

const MARKS: Readonly<Record<Level, string>> = {
  ok: green('✓'),
  warning: yellow('!'),
  error: red('✗'),
}

const printFindings = (findings: readonly Finding[]): void => {
  const names = [...new Set(findings.map(({ check }) => check))]
  const width = Math.max(...names.map((name) => name.length))
  for (const name of names) {
    const [first, ...more] = findings.filter(({ check }) => check === name).sort(byGravity)
    if (first === undefined) continue
    const rest = more.length === 0 ? '' : ` (and ${more.length} more)`
    print(`${MARKS[first.level]} ${name.padEnd(width)}  ${first.what}${rest}`)
  }
  const wrong = findings.filter(({ level }) => level !== 'ok').sort(byGravity)
  for (const { check, level, what, why, fix } of wrong) {
    print()
    print(`${MARKS[level]} ${check}: ${what}`)
    print(`  why   ${why}`)
    print(`  fix   ${fix}`)
  }
  print()
  print(summaryOf(findings))
}

const GRAVITY: readonly Level[] = ['error', 'warning', 'ok']

const byGravity = (a: Finding, b: Finding): number =>
  GRAVITY.indexOf(a.level) - GRAVITY.indexOf(b.level)

const summaryOf = (findings: readonly Finding[]): string => {
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length
  const [errors, warnings] = [count('error'), count('warning')]
  if (errors + warnings === 0) return green('All is well.')
  const said = `${errors} ${errors === 1 ? 'error' : 'errors'}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`
  return errors > 0 ? red(said) : yellow(`${said}: the fleet can run`)
}
