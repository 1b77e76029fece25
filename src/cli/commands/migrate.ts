import { randomUUID } from 'node:crypto'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { readConfig, type Config } from '../../base/config.ts'
import { backupDatabase } from '../../compose/migration/backup.ts'
import { noteMigration } from '../../compose/migration/notes.ts'
import { planMigration } from '../../compose/migration/plan.ts'
import { rollBackMigration } from '../../compose/migration/rollback.ts'
import { runMigration } from '../../compose/migration/run.ts'
import { verifyMigration } from '../../compose/migration/verify.ts'
import { ON_CONFLICT } from '../../migration/conflicts.ts'
import { FORMATS } from '../../migration/decoders.ts'
import { writePlanFile } from '../../migration/plan-file.ts'
import { findCutover } from '../../store/cutovers.ts'
import type { Database } from '../../store/database.ts'
import { ledgerTotals } from '../../store/migration-ledger.ts'
import { callMoved } from '../call-moved.ts'
import { confirm } from '../confirm.ts'
import { requireDaemonAddress } from '../daemon-client.ts'
import { withLocalStores } from '../local-stores.ts'
import { withMigration, withPlanning, type MigrateOptions } from '../migrate-access.ts'
import { printPlan, printRun, printVerified } from '../migrate-report.ts'
import { note, print, printJson } from '../output.ts'
import { createRateProgress } from '../rate-progress.ts'
import { EXIT } from '../run.ts'

type Common = MigrateOptions & { json?: boolean; yes?: boolean }

const SAMPLE = 10

const withCommon = (command: Command): Command =>
  command
    .option('--source <url>', 'the older database; by default the one that Berth uses')
    .option('--source-file <file>', 'a file with that address: its password shows in no process list')
    .addOption(new Option('--decoder <format>', 'how credentials are encrypted there').choices(FORMATS).default('none')) // prettier-ignore
    .option('--passphrase-file <file>', 'what they are encrypted with')
    .addOption(new Option('--on-conflict <rule>', 'which of several instances of one user and service moves; newest, unless a plan says else').choices(ON_CONFLICT)) // prettier-ignore
    .option('--plan <file>', 'a reviewed plan: its types and decisions count')
    .option('--json', 'print JSON') // prettier-ignore

/** Scripts may give all three commands the same words; what writes nothing has nothing to ask. */
const withUnusedYes = (command: Command): Command =>
  command.addOption(new Option('--yes', 'do not ask').hideHelp())

export const add = (program: Command): void => {
  const migrate = program
    .command('migrate')
    .description('move the instances of the older model, one process per user and service')
  withUnusedYes(withCommon(migrate.command('plan')))
    .description('say what would move, what needs a decision, and what cannot move and why; writes nothing to a database')
    .option('--out <file>', 'write the plan to a file, for reviewing and for run --plan')
    .action((options: Common & { out?: string }) => plan(readConfig(), options)) // prettier-ignore
  withCommon(migrate.command('run'))
    .description('move what is new or changed; may be ended at any moment and begun again')
    .option('--yes', 'do not ask')
    .option('--drop-gone', 'remove instances whose rows were deleted in the older database since')
    .action((options: Common & { dropGone?: boolean }) => run(readConfig(), options))
  withUnusedYes(withCommon(migrate.command('verify')))
    .description('compare every row of the older database with what became of it')
    .option('--call [N]', `also call N moved instances, or all, through the gateway; without a number ${SAMPLE}`, sizeOf)
    .action((options: Common & { call?: number | true }) => verify(readConfig(), options)) // prettier-ignore
  migrate
    .command('rollback')
    .description('remove what runs have made, and only that')
    .option('--yes', 'do not ask')
    .option('--json', 'print JSON')
    .action((options: Common) => rollback(readConfig(), options))
}

const sizeOf = (text: string): number => {
  if (text === 'all') return Number.MAX_SAFE_INTEGER
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('A number from 1, or all.')
}

const plan = (config: Config, { out, json, ...options }: Common & { out?: string }) =>
  withPlanning(config, options, async ({ from, rules, onConflict, target, moved }) => {
    const { label: source, variant, decoder } = from
    const { format, key, samples, decoded } = decoder
    const progress = createRateProgress('reading')
    const planned = await planMigration({ source: from.database, variant, decoder, rules, target, moved }, progress.update) // prettier-ignore
    progress.end()
    const { figures, unknownTypes, conflicts } = planned
    if (out !== undefined)
      writePlanFile(out, { version: 1, madeAt: new Date().toISOString(), source, variant, decoder: { format, key }, onConflict, figures, unknownTypes, types: rules.types, conflicts }) // prettier-ignore
    if (json) {
      const { moved: willMove, left, ...rest } = figures
      printJson({ source, variant, decoder: { format, key, samples, decoded }, onConflict, willMove, left, ...rest, needsDecision: onConflict === 'report' ? (left.conflict ?? 0) : 0, conflicts: conflicts.length, unknownTypes }) // prettier-ignore
      return
    }
    print(`${source}: variant ${variant}, decoder ${format} (${key}): ${decoded} of ${samples} samples.`) // prettier-ignore
    printPlan(planned)
    if (out !== undefined) note(`The plan is in ${out}. Look through it, then: berth migrate run --plan ${out}`) // prettier-ignore
  })

const run = async (
  config: Config,
  { yes, json, dropGone, ...options }: Common & { dropGone?: boolean },
): Promise<void> => {
  await confirm('This moves the instances of the older database into this one; the old tables stay as they are.', yes) // prettier-ignore
  await withMigration(config, options, async (opened) => {
    const backup = await backupDatabase({ config, database: opened.target })
    note(`backup of Berth's own tables: ${backup.file}`)
    const id = randomUUID()
    const { from, onConflict } = opened
    const progress = createRateProgress('moving')
    const begun = performance.now()
    const figures = await runMigration({ ...opened, isGoneDropped: dropGone }, { id, source: from.label, variant: from.variant, decoder: `${from.decoder.format}, ${from.decoder.key}`, onConflict }, progress.update).finally(progress.end) // prettier-ignore
    const seconds = Math.round((performance.now() - begun) / 10) / 100
    const { moved, left } = figures
    await noteMigration({ config, ...opened.stores }, { type: 'migration.run', message: `${moved} instances of ${from.label} were moved`, data: { run: id, ...figures } }) // prettier-ignore
    if (json)
      printJson({ ...figures, moved, left, run: id, source: from.label, variant: from.variant, total: await ledgerTotals(opened.target), seconds, backup: backup.file }) // prettier-ignore
    else printRun(figures)
  })
}

const verify = (config: Config, { call, json, ...options }: Common & { call?: number | true }) =>
  withMigration(config, options, async (opened) => {
    const url = call === undefined ? undefined : (await requireDaemonAddress(config)).url
    const progress = createRateProgress('comparing')
    const size = call === true ? SAMPLE : (call ?? 0)
    const { verified, sample } = await verifyMigration(opened, size, progress.update)
    progress.end()
    const calls =
      url === undefined ? undefined : await callMoved(url, opened.rules.services, sample)
    if (json) printJson({ ...verified, ...(calls ? { calls } : {}) })
    else printAll(verified, calls)
    const isAnswered = !calls || calls.answered === calls.called
    if (!verified.isRight || !isAnswered) process.exitCode = EXIT.failed
  })

const printAll = (
  verified: Parameters<typeof printVerified>[0],
  calls: Awaited<ReturnType<typeof callMoved>> | undefined,
): void => {
  printVerified(verified)
  if (!calls) return
  print(`Called ${calls.called}: ${calls.answered} answered, ${calls.toolErrors} of these with an error of the API.`) // prettier-ignore
  for (const { handle, status } of calls.failed) print(`${handle}: ${status ?? 'no answer'}`)
}

const rollback = async (config: Config, { yes, json }: Common): Promise<void> => {
  await confirm('This removes every instance that berth migrate run has made and nobody changed since; their URLs end.', yes) // prettier-ignore
  await withLocalStores(config, async (stores) => {
    const progress = createRateProgress('rolling back')
    const done = await rollBackMigration(stores.database, (seen) => progress.update(seen, seen))
    progress.end()
    await noteMigration({ config, ...stores }, { type: 'migration.rolled_back', message: `${done.removed} migrated instances were removed`, data: done }) // prettier-ignore
    if (await isCutoverRunning(stores.database)) note('A cutover is under way, and has nothing to go on to: end it with berth cutover abort') // prettier-ignore
    if (json) printJson(done)
    else print(`Removed ${done.removed} instances and ${done.users} users; ${done.kept} that were changed here since stay.`) // prettier-ignore
  })
}

const isCutoverRunning = async (database: Database): Promise<boolean> =>
  (await findCutover(database))?.endedAt === null
