/**
 * Does work by the clock, and at once on demand. What would begin while it lasts is skipped: a host that hangs makes a look
 * longer than the time between two.
 *
 * @param work never rejects
 */
export const createPoll = (work: () => Promise<void>, intervalMs: number) => {
  let timer: NodeJS.Timeout | undefined
  let isBusy = false
  const now = (): void => {
    if (isBusy || timer === undefined) return
    isBusy = true
    void work().finally(() => (isBusy = false))
  }
  return {
    now,
    start: (): void => {
      timer ??= setInterval(now, intervalMs)
    },
    stop: (): void => {
      clearInterval(timer)
      timer = undefined
    },
  }
}
