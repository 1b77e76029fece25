import type { MovedInstance } from '../../model/old-routing.ts'
import { hashSecret } from '../../model/instance.ts'
import { createLookupCache } from '../lookup-cache.ts'
import type { OldUrl } from './parse.ts'

export type MovedNeeds = {
  findMovedByOldId: (oldId: string) => Promise<MovedInstance | undefined>
  findMovedByTokenHash: (hash: Buffer) => Promise<MovedInstance | undefined>
}

const MAX_KNOWN = 50_000

/** Who an old URL belongs to, as far as it was moved; remembered, with a bound. */
export const createFindMoved = (needs: MovedNeeds) => {
  const ids = createLookupCache<string, MovedInstance>({
    find: needs.findMovedByOldId,
    keyOf: (oldId) => oldId,
    detailOf: (oldId) => oldId,
    answers: (_oldId, known) => known !== undefined,
    max: MAX_KNOWN,
  })
  const hashes = createLookupCache<Buffer, MovedInstance>({
    find: needs.findMovedByTokenHash,
    keyOf: (hash) => hash.toString('latin1'),
    detailOf: (hash) => hash.toString('latin1'),
    answers: (_hash, known) => known !== undefined,
    max: MAX_KNOWN,
  })
  return {
    /**
     * The instance that everything in the URL names: a type or a token of another one is for the old server to judge, as
     * is everything that is not known here.
     * @throws AppError `database_unavailable`
     */
    find: async ({ oldId, token, type }: OldUrl): Promise<MovedInstance | undefined> => {
      const named: (MovedInstance | undefined)[] = []
      if (oldId !== undefined) named.push(await ids.find(oldId))
      if (token !== undefined) named.push(await hashes.find(hashSecret(token)))
      const [found] = named
      const isOne = named.every((one) => one?.instanceId === found?.instanceId)
      return isOne && (type ?? found?.oldType) === found?.oldType ? found : undefined
    },
    flush: (): void => {
      ids.flush()
      hashes.flush()
    },
  }
}
