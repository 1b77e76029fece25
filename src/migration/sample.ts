import { randomInt } from 'node:crypto'

/** Draws a number of items at random from any number of them (Vitter's algorithm R). */
export const createSample = <T>(size: number) => {
  const taken: T[] = []
  let offered = 0
  return {
    offer: (item: T): void => {
      offered += 1
      if (taken.length < size) taken.push(item)
      else if (size > 0) {
        const place = randomInt(offered)
        if (place < size) taken[place] = item
      }
    },
    taken: (): T[] => taken,
  }
}
