import { createHash } from 'node:crypto'
import type { LegacyRow } from '../model/legacy-row.ts'

/** The handles of the users whose ids begin alike; others can't collide with them. */
export type Handles = {
  /** `<first 3 letters>_user_<8 hex of the user id>_<6 hex of the MD5 of the old id>`; another end when that is taken. */
  make: (service: string, row: Pick<LegacyRow, 'id' | 'suffix'> & { userId: string }) => string
  /** A handle that is in use. */
  hold: (handle: string) => void
  /** How many had to get another end. */
  collisions: () => number
}

/** Rows come ordered by user id, so what is remembered is bounded by one user's neighbours. */
export const createHandles = (): Handles => {
  let prefix = ''
  let taken = new Set<string>()
  let collisions = 0
  const at = (userPart: string): void => {
    if (userPart === prefix) return
    prefix = userPart
    taken = new Set()
  }
  return {
    make: (service, row) => {
      const userPart = row.userId.slice(0, 8)
      at(userPart)
      let handle = `${service.slice(0, 3)}_user_${userPart}_${row.suffix}`
      if (taken.has(handle)) collisions += 1
      for (let attempt = 1; taken.has(handle); attempt++) handle = otherHandle(handle, row.id, attempt) // prettier-ignore
      taken.add(handle)
      return handle
    },
    hold: (handle) => {
      at(handle.split('_')[2] ?? '')
      taken.add(handle)
    },
    collisions: () => collisions,
  }
}

/** The same row gets the same ends in the same order, in every run. */
export const otherHandle = (handle: string, oldId: string, attempt: number): string => {
  const suffix = createHash('md5').update(`${oldId}:${attempt}`).digest('hex').slice(0, 6)
  return `${handle.slice(0, -6)}${suffix}`
}
