/** Lets so many pieces of work go on at a time; the others wait in their order. */
export const createSlots = (most: number) => {
  const waiting: (() => void)[] = []
  let open = 0
  const leave = () => {
    const next = waiting.shift()
    if (next) next()
    else open -= 1
  }
  return async (work: () => Promise<void>): Promise<void> => {
    if (open < most) open += 1
    else await new Promise<void>((enter) => waiting.push(enter))
    try {
      await work()
    } finally {
      leave()
    }
  }
}
