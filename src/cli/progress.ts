/** A progress line on stderr: redrawn in place on a terminal, else a line at the start and the end. */
export const createProgress = (label: string, total: number) => {
  const { stderr } = process
  const width = 30
  let last = -1
  const draw = (done: number) => {
    const filled = total === 0 ? width : Math.round((done / total) * width)
    stderr.write(`\r${label} [${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${done}/${total}`)
  }
  return {
    update: (done: number): void => {
      if (done === last) return
      last = done
      if (stderr.isTTY) draw(done)
    },
    end: (): void => {
      stderr.write(stderr.isTTY ? '\r\u001b[K' : `${label}: ${Math.max(last, 0)}/${total}\n`)
    },
  }
}
