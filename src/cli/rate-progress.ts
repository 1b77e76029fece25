const DRAW_MS = 200
const WIDTH = 30

/**
 * A progress line on stderr with rate and time left; drawn in place on a terminal, else nothing until the end.
 * @param now milliseconds of a clock that never goes back
 */
export const createRateProgress = (label: string, now = () => performance.now()) => {
  const { stderr } = process
  const begun = now()
  let drawn = 0
  let state = { done: 0, total: 0 }
  const rate = () => state.done / Math.max(0.001, (now() - begun) / 1000)
  return {
    update: (done: number, total: number): void => {
      state = { done, total }
      if (!stderr.isTTY || now() - drawn < DRAW_MS) return
      drawn = now()
      stderr.write(`\r\u001b[K${progressLine(label, state, rate())}`)
    },
    end: (): void => {
      if (stderr.isTTY) stderr.write('\r\u001b[K')
      else if (state.total > 0)
        stderr.write(`${label}: ${state.done}/${state.total}, ${Math.round(rate())}/s\n`)
    },
  }
}

/** `moving [####......] 400/1000 200/s 0:03 left` */
const progressLine = (
  label: string,
  { done, total }: { done: number; total: number },
  perSecond: number,
): string => {
  const filled = total === 0 ? WIDTH : Math.min(WIDTH, Math.round((done / total) * WIDTH))
  const left = Math.ceil(Math.max(0, total - done) / Math.max(perSecond, 0.001))
  const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`
  return `${label} [${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${done}/${total} ${Math.round(perSecond)}/s ${time} left`
}
