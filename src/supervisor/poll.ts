/**
 * Does work by the clock, and at once on demand. What would begin while it lasts is skipped, and what was
 * demanded meanwhile comes once at its end: a host that hangs makes a look longer than the time between two.
 *
 * @param work never rejects
 */
export const createPoll = (work: () => Promise<void>, intervalMs: number) => {
  let timer: NodeJS.Timeout | undefined
  let isBusy = false
  let isWanted = false
  const begin = (): void => {
    if (isBusy || timer === undefined) return
    isBusy = true
    isWanted = false
    void work().finally(() => {
      isBusy = false
      if (isWanted) begin()
    })
  }
  const now = (): void => {
    isWanted = isBusy
    begin()
  }
  return {
    now,
    start: (): void => {
      timer ??= setInterval(begin, intervalMs)
    },
    stop: (): void => {
      clearInterval(timer)
      timer = undefined
    },
  }
}
