/** Undoes after each test what it started, also when it failed; the last first. */
export const useCleanup = (): ((undo: () => Promise<unknown>) => void) => {
  const undos: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (let undo = undos.pop(); undo; undo = undos.pop()) await undo()
  })
  return (undo) => undos.push(undo)
}
