import type { MigrationPlan } from '../compose/migration/plan.ts'
import type { Verified } from '../compose/migration/verify.ts'
import { REASONS, type Reason } from '../model/legacy-row.ts'
import type { Figures } from '../migration/tally.ts'
import { count, green, note, print, red, table, yellow } from './output.ts'

const leftRows = (left: Readonly<Partial<Record<string, number>>>): string[][] =>
  Object.entries(left)
    .sort(([, a = 0], [, b = 0]) => b - a)
    .map(([reason, rows]) => ['left', reason, String(rows), REASONS[reason as Reason]])

/** Classes of rows with their numbers; those with none are left out. */
const figureRows = (figures: Figures, words: { moved: string; unchanged: string }): string[][] =>
  [
    [words.moved, '', String(figures.moved), 'into instances of their own'],
    ['', 'updated', String(figures.updated), 'of these: changed since, the URL stays'],
    ['', 'incomplete', String(figures.incomplete), 'of these: lack a field that the service requires'],
    [words.unchanged, '', String(figures.unchanged), 'moved before, and the same'],
    ['kept', '', String(figures.kept), 'changed on both sides since: what was entered here stays'],
    ['dropped', '', String(figures.dropped), 'were moved before, and are no longer to be'],
    ['source gone', '', String(figures.sourceGone), 'were moved before, and deleted there since: they stay (run --drop-gone)'],
    ...leftRows(figures.left),
  ].filter(([, , rows]) => rows !== '0') // prettier-ignore

const HEAD = ['CLASS', 'WHY', 'ROWS', 'MEANING']
const SHOWN = 10

export const printPlan = ({ figures, unknownTypes, conflicts }: MigrationPlan): void => {
  print(table(HEAD, figureRows(figures, { moved: 'will move', unchanged: 'moved' })))
  if (unknownTypes.length > 0) {
    print(`\n${count(unknownTypes.length, 'type')} that the registry does not have:`)
    print(table(['TYPE', 'ROWS', 'NEAREST'], unknownTypes.slice(0, SHOWN).map((one) => [nameOf(one.type), String(one.rows), one.nearest.join(', ')]))) // prettier-ignore
    printMore(unknownTypes.length)
  }
  if (conflicts.length > 0) {
    print(
      `\n${count(conflicts.length, 'time')} a user has several instances of one service that could move:`,
    )
    print(table(['USER', 'SERVICE', 'INSTANCES', 'MOVES'], conflicts.slice(0, SHOWN).map((one) => [one.userId, one.service, String(one.instances.length), one.keep ?? yellow('to be decided')]))) // prettier-ignore
    printMore(conflicts.length)
  }
  if (figures.collisions > 0) print(`\n${count(figures.collisions, 'handle')} would be the same; they get another end.`) // prettier-ignore
  note('\nBack up users, mcp_types, mcp_instances and api_keys of the old database yourself: a copy of them holds keys, so berth db backup leaves them out.') // prettier-ignore
}

/** A blank at an end, or a line's end, would not be seen. */
const nameOf = (type: string): string => {
  if (type === '') return '(none)'
  return /^[\w.-]+$/.test(type) ? type : JSON.stringify(type)
}

const printMore = (amount: number): void => {
  if (amount > SHOWN) print(`… and ${amount - SHOWN} more: berth migrate plan --out F writes all of them.`) // prettier-ignore
}

export const printRun = (figures: Figures): void =>
  print(table(HEAD, figureRows(figures, { moved: 'moved', unchanged: 'unchanged' })))

export const printVerified = (verified: Verified): void => {
  const { isRight, left, findings, ...sums } = verified
  const rows = [
    ['equal', '', String(sums.equal), 'open, and are those of their source'],
    ['changed here', '', String(sums.changedHere), 'by somebody since: not compared'],
    ['changed there', '', String(sums.changedThere), 'since: the next run brings them'],
    [
      'would drop',
      '',
      String(sums.wouldDrop),
      'no longer to be moved: the next run removes them here',
    ],
    [
      'would move',
      '',
      String(sums.wouldMove),
      'were left, and can be moved since: the next run brings them',
    ],
    [
      'source gone',
      '',
      String(sums.sourceGone),
      'deleted there since: they stay (run --drop-gone)',
    ],
    ['removed', '', String(sums.removed), 'here since'],
    ['not migrated', '', String(sums.notMigrated), 'came since: the next run brings them'],
    ['wrong', '', String(sums.wrong), 'see below'],
    ...leftRows(left),
  ].filter(([, , amount]) => amount !== '0')
  print(table(HEAD, rows))
  for (const { oldId, handle, problem } of findings) print(`${oldId} (${handle ?? ''}): ${problem}`)
  print(isRight ? green(`All ${sums.rows} rows are accounted for.`) : red('Not everything is as it must be.')) // prettier-ignore
}
