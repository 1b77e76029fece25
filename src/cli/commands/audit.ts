import { InvalidArgumentError, type Command } from 'commander'
import { readConfig } from '../../base/config.ts'
import type { AuditVerdict, AuditView } from '../../model/audit.ts'
import { withAudit } from '../audit-access.ts'
import { green, print, printJson, red, table } from '../output.ts'
import { EXIT } from '../run.ts'

const DAY_MS = 86_400_000

/** `365d` ago. */
const parseAge = (text: string): Date => {
  const days = Number(/^(\d{1,5})d$/.exec(text)?.[1])
  if (days >= 1) return new Date(Date.now() - days * DAY_MS)
  throw new InvalidArgumentError('Write it like 365d.')
}

export const add = (program: Command): void => {
  const audit = program.command('audit').description('who did what to what, from where')
  audit
    .command('list')
    .description('the newest entries')
    .option('--target <what>', 'of one instance, user or token')
    .option('--actor <who>', 'by one actor')
    .option('--json', 'print JSON')
    .action(async ({ json, ...filter }: { json?: boolean; target?: string; actor?: string }) => {
      const entries = await withAudit(readConfig(), (access) => access.list(filter))
      if (json) printJson({ entries })
      else print(table(['SEQ', 'AT', 'ACTOR', 'ACTION', 'TARGET', 'FROM'], entries.map(toCells)))
    })
  audit
    .command('verify')
    .description('find every entry that was changed or is missing')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const verdict = await withAudit(readConfig(), (access) => access.verify())
      if (json) printJson(verdict)
      else printVerdict(verdict)
      if (!verdict.ok) process.exitCode = EXIT.failed
    })
  audit
    .command('prune')
    .description('cut away old entries; a signed checkpoint says so')
    .requiredOption('--older-than <age>', 'such as 365d', parseAge)
    .option('--json', 'print JSON')
    .action(async (options: { olderThan: Date; json?: boolean }) => {
      const removed = await withAudit(readConfig(), (access) => access.prune(options.olderThan))
      if (options.json) printJson({ removed })
      else print(`Removed ${removed} entries.`)
    })
}

const toCells = (entry: AuditView): string[] => [
  String(entry.seq),
  entry.at,
  entry.actor,
  entry.action,
  entry.target,
  entry.from,
]

const WHAT = {
  changed: 'was changed, put in or moved',
  missing: 'is missing',
  cut: 'was cut away by nobody who has the keys',
  unsigned: 'is signed by a key that is not in the ring',
} as const

const printVerdict = ({
  ok,
  checked,
  from,
  to,
  isAnchored,
  findings,
  restores,
}: AuditVerdict): void => {
  for (const { at, madeAt, lost } of restores)
    print(`Restored at ${at} to the state of ${madeAt}; ${lost} later ${lost === 1 ? 'entry' : 'entries'} went with that.`) // prettier-ignore
  for (const { seq, problem } of findings) print(`${red('✗')} entry ${seq} ${WHAT[problem]}`)
  if (ok) print(`${green('✓')} ${checked} entries (${from} to ${to}) are as they were written`)
  if (!isAnchored)
    print('This home has not written to this log: entries missing at its end would not be noticed.')
}
