import { error, ok, type Verdict } from './finding.ts'

export type Pm2DaemonsNeeds = {
  /** Pids of PM2 daemons that were started for this home. */
  find: () => number[]
  /** Those of them that listen on the home's socket. PM2's pid file does not tell: one that gets no socket writes it too. */
  listening: (pids: readonly number[]) => number[]
  answers: () => Promise<boolean>
}

/** A home has one PM2 daemon. A second one starts apps of the same names and fights over their ports. */
export const checkPm2Daemons = async (needs: Pm2DaemonsNeeds): Promise<Verdict[]> => {
  const pids = needs.find()
  const [only] = pids
  if (only === undefined) return [ok('no PM2 daemon runs in this home')]
  if (pids.length > 1) return [severalDaemons(pids, needs.listening(pids))]
  if (await needs.answers()) return [ok(`one PM2 daemon in this home (pid ${only})`)]
  return [
    error({
      what: `the PM2 daemon of this home (pid ${only}) does not answer`,
      why: 'it hangs, or its socket was removed; nobody can start or stop a process through it',
      fix: 'berth down && berth up',
    }),
  ]
}

const severalDaemons = (pids: readonly number[], listening: readonly number[]): Verdict => {
  const stray = pids.filter((pid) => !listening.includes(pid))
  return error({
    what: `${pids.length} PM2 daemons run in this home: pids ${pids.join(', ')}`,
    why: 'each starts what it thinks is missing, and they take the ports from each other',
    // Where several had the socket in turn, nobody can say whose the apps are: all of them go.
    fix:
      listening.length === 1
        ? `kill ${stray.join(' ')} && berth up`
        : `kill ${pids.join(' ')}; berth down && berth up`,
  })
}
