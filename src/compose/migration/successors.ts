import type { Settled } from '../../migration/settle.ts'
import type { Database } from '../../store/database.ts'
import { findOrphans, type Orphan } from '../../store/migration-gone.ts'

/**
 * Whoever deleted an instance in the older world and made another there keeps the URL: the new row goes into the instance that
 * the deleted one has made, instead of being left because that one is there.
 */
export const succeedGone = async (
  { source, target }: { source: Database; target: Database },
  settled: readonly Settled[],
): Promise<Settled[]> => {
  const owners = settled.flatMap((one) => ownerOf(one) ?? [])
  if (owners.length === 0) return [...settled]
  const orphans = await findOrphans(target, source, owners)
  const byOwner = new Map(orphans.map((orphan) => [keyOf(orphan), orphan]))
  return settled.map((one) => {
    const owner = ownerOf(one)
    const orphan = owner && byOwner.get(keyOf(owner))
    return orphan ? succeed(one, orphan) : one
  })
}

const ownerOf = (one: Settled) =>
  one.kind === 'insert' && one.row.userId !== null
    ? { userId: one.row.userId, service: one.service }
    : undefined

const keyOf = ({ userId, service }: { userId: string; service: string }): string =>
  `${userId} ${service}`

const succeed = (one: Settled, { oldId, handle, hash, service }: Orphan): Settled => {
  if (one.kind !== 'insert') return one
  const moved = { handle, service, state: 'intact', made: true } as const
  return {
    ...one,
    kind: 'update',
    holder: { hash, userId: one.row.userId, type: one.row.type, reason: undefined, moved },
    holderId: oldId,
    isHolderGone: true,
  }
}
