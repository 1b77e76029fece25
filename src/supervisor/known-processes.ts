type Known = { name: string; pid: number | undefined }

type Needs<P> = {
  processes: { list: () => Promise<P[]> }
  isHost: (name: string) => boolean
  onTouched: (touched: { hosts: readonly string[] }) => void
}

/** The hosts as PM2 named them last. */
export const createKnownProcesses = <P extends Known>(needs: Needs<P>) => {
  let known: readonly P[] = []
  return {
    all: () => known,
    find: (host: string | undefined) => known.find(({ name }) => name === host),
    look: async (): Promise<void> => {
      const before = new Map(known.map(({ name, pid }) => [name, pid]))
      known = (await needs.processes.list()).filter(({ name }) => needs.isHost(name))
      const restarted = known.filter(({ name, pid }) => before.get(name) !== pid)
      if (restarted.length > 0) needs.onTouched({ hosts: restarted.map(({ name }) => name) })
    },
  }
}
