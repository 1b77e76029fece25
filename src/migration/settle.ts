import type { Service } from '../model/service.ts'
import { groupBy, pickWinner, type Decisions, type OnConflict } from './conflicts.ts'
import type { LegacyRow, Reason } from '../model/legacy-row.ts'
import { readLegacyCredentials, type ReadCredentials } from './read-credentials.ts'

/** What the ledger says of a row. */
export type Known = {
  hash: string
  /** Whose it was, and what the older database called its service. */
  userId: string | null
  type: string
  reason: Reason | undefined
  /** Of one that was moved. */
  moved:
    | {
        handle: string
        service: string | undefined
        /** Whether the instance is as the run wrote it, was changed here since, or is gone. */
        state: 'intact' | 'changed' | 'gone'
        made: boolean
      }
    | undefined
}

/** What becomes of a row. */
export type Settled = { row: LegacyRow; hash: string; known: Known | undefined } & (
  | { kind: 'unchanged' }
  | { kind: 'left'; reason: Reason }
  /** A new instance. */
  | ({ kind: 'insert'; service: string } & ReadCredentials)
  /** Its credentials go into the instance that it, or another row of the same user and service, has made. */
  | ({
      kind: 'update'
      service: string
      holder: Known
      holderId: string
      isHolderGone?: true
    } & ReadCredentials)
  /** Changed in both worlds since: what was entered here stays. */
  | { kind: 'keep' }
  /** No longer to be moved: the instance that it has made goes. */
  | { kind: 'drop'; reason: Reason }
)

export type Rules = {
  services: ReadonlyMap<string, Service>
  /** Names of services for types that are called otherwise. */
  types: Readonly<Record<string, string>>
  onConflict: OnConflict
  decisions: Decisions
  /** What its credentials say; undefined when they cannot be decoded. */
  plaintextOf: (row: LegacyRow) => string | undefined
  hashOf: (row: LegacyRow) => string
  /** Why nothing of a user can be moved. */
  problemOf?: ((userId: string) => Reason | undefined) | undefined
}

type Naming = Pick<Rules, 'services' | 'types'>

type Weighed = {
  row: LegacyRow
  hash: string
  known: Known | undefined
  service: string | undefined
  /** Movable with these, or not and why; `as_moved`: the same as when it was moved. */
  verdict: ReadCredentials | Reason | 'as_moved'
}

/**
 * Decides about all rows of one user. At most one of each service is moved.
 *
 * What was moved before and has not changed stays as it is, also when its date has passed meanwhile. An instance keeps its
 * handle and URL when another row of the old world goes before the one that made it. Nothing that a user changed here is
 * overwritten, nothing that they removed comes back.
 */
export const settleUser = (
  rows: readonly LegacyRow[],
  known: ReadonlyMap<string, Known>,
  rules: Rules,
): Settled[] => {
  const weighed = rows.map((row) => weigh(row, known.get(row.id), rules))
  const groups = groupBy(weighed, ({ service }) => service ?? '')
  return [...groups].flatMap(([service, group]) =>
    service === '' ? group.map((one) => asLeft(one)) : settleGroup(service, group, rules),
  )
}

const weigh = (row: LegacyRow, known: Known | undefined, rules: Rules): Weighed => {
  const hash = rules.hashOf(row)
  const movedTo = known?.moved?.service
  if (movedTo !== undefined && known?.hash === hash)
    return { row, hash, known, service: movedTo, verdict: 'as_moved' }
  const service = serviceOf(row, known, rules)
  const verdict = refusal(row, service, rules) ?? readOf(row, service, rules)
  return { row, hash, known, service: movedTo ?? ownService(row, service), verdict }
}

/** A type that was moved under another name once keeps that name, also without the plan that says so. */
const serviceOf = (row: LegacyRow, known: Known | undefined, { services, types }: Naming): Service | undefined =>
  services.get(types[row.type] ?? row.type) ??
  (known?.type === row.type ? services.get(known.moved?.service ?? '') : undefined) // prettier-ignore

/**
 * Whether a row became another user's, or of another service, since it was moved. Its instance is not what it means any more,
 * and its credentials are not for that instance.
 */
export const isDisplaced = (row: LegacyRow, known: Known, rules: Naming): boolean => {
  const service = serviceOf(row, known, rules)?.name
  const { moved, userId } = known
  if (userId !== row.userId) return moved !== undefined || known.reason === 'removed'
  return moved?.service !== undefined && service !== undefined && service !== moved.service
}

/** Rows without a user stand in nobody's way. */
const ownService = ({ userId }: LegacyRow, service: Service | undefined): string | undefined =>
  userId === null ? undefined : service?.name

const refusal = (
  row: LegacyRow,
  service: Service | undefined,
  { problemOf }: Rules,
): Reason | undefined => {
  if (row.userId === null) return 'no_user'
  if (!row.hasUser) return 'user_missing'
  const problem = problemOf?.(row.userId)
  if (problem) return problem
  if (!service) return 'unknown_type'
  if (row.isExpired) return 'expired'
  return row.isActive && row.status !== 'inactive' ? undefined : 'inactive'
}

const readOf = (
  row: LegacyRow,
  service: Service | undefined,
  { plaintextOf }: Rules,
): ReadCredentials | Reason => {
  if (row.credentials === null || row.credentials.trim() === '') return 'no_credentials'
  const plaintext = plaintextOf(row)
  if (plaintext === undefined || !service) return 'undecodable'
  return readLegacyCredentials(plaintext, service)
}

const isMovable = ({ verdict }: Weighed): boolean =>
  verdict === 'as_moved' || typeof verdict === 'object'

const holdsPlace = ({ known }: Weighed): boolean =>
  known?.moved !== undefined || known?.reason === 'removed'

const settleGroup = (service: string, group: readonly Weighed[], rules: Rules): Settled[] => {
  const holder = group.find(holdsPlace)
  const movable = group.filter(isMovable)
  const hasPlaceToKeep = holder !== undefined && !isIntact(holder)
  const winner = hasPlaceToKeep ? undefined : winnerOf(movable, holder, rules)
  return group.map((one) => {
    if (one === holder && hasPlaceToKeep) return kept(one)
    if (one === winner) return won(one, service, holder)
    if (one === holder && !winner) return { ...bare(one), kind: 'drop', reason: reasonOf(one) }
    return asLeft(one)
  })
}

const isIntact = ({ known }: Weighed): boolean => known?.moved?.state === 'intact'

/** With `report` nobody new wins, but who was moved already stays. */
const winnerOf = (
  movable: readonly Weighed[],
  holder: Weighed | undefined,
  { onConflict, decisions }: Rules,
): Weighed | undefined => {
  const id = pickWinner(movable.map(({ row }) => row), onConflict, decisions) // prettier-ignore
  const winner = movable.find(({ row }) => row.id === id)
  return winner ?? movable.find((one) => one === holder)
}

/** What its user changed or removed here. */
const kept = (one: Weighed): Settled => {
  if (one.known?.moved?.state !== 'changed')
    return { ...bare(one), kind: 'left', reason: 'removed' }
  return { ...bare(one), kind: one.verdict === 'as_moved' ? 'unchanged' : 'keep' }
}

const won = (one: Weighed, service: string, holder: Weighed | undefined): Settled => {
  if (one.verdict === 'as_moved') return { ...bare(one), kind: 'unchanged' }
  if (typeof one.verdict === 'string') return asLeft(one)
  const { row, hash, known } = one
  const { credentials, isIncomplete } = one.verdict
  // Spreading would be half of what deciding costs, a million times.
  if (!holder?.known)
    return { kind: 'insert', row, hash, known, service, credentials, isIncomplete }
  const place = { holder: holder.known, holderId: holder.row.id }
  return { kind: 'update', row, hash, known, service, credentials, isIncomplete, ...place }
}

const bare = ({ row, hash, known }: Weighed) => ({ row, hash, known })

const reasonOf = ({ verdict }: Weighed): Reason =>
  typeof verdict === 'string' && verdict !== 'as_moved' ? verdict : 'conflict'

const asLeft = (one: Weighed): Settled => ({ ...bare(one), kind: 'left', reason: reasonOf(one) })
