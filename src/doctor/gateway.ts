import { error, ok, warning, type Verdict } from './finding.ts'

export type GatewayNeeds = {
  port: number
  /** How many processes shall listen. */
  wanted: number
  /** The pids of those that do. */
  listening: readonly number[]
  isFleetUp: boolean
  /** Whether `/ready` says so; undefined: nobody of ours answers. */
  isReady: () => Promise<boolean | undefined>
  logFile: string
}

/** Whether the gateway beside the daemon has all its processes, and they answer. */
export const checkGateway = async (needs: GatewayNeeds): Promise<Verdict[]> => {
  const { port, wanted, listening, isFleetUp, logFile } = needs
  const figures = `${listening.length} of ${wanted} gateway processes listen on port ${port}`
  if (!isFleetUp && listening.length === 0) return [ok(`${figures}; the fleet is not up`)]
  const isReady = listening.length > 0 ? await needs.isReady() : undefined
  if (isReady === undefined)
    return [
      error({
        what: `the gateway does not answer on port ${port}`,
        why: `it ended, or cannot start; its log says why: ${logFile}`,
        fix: 'berth up',
      }),
    ]
  if (isReady && listening.length >= wanted) return [ok(figures)]
  return [
    warning({
      what: isReady ? figures : `the gateway on port ${port} knows no service`,
      why: isReady
        ? 'one has ended and its successor is not there yet'
        : 'no fleet has been up here',
      fix: isReady ? 'berth gateway restart' : 'berth up',
    }),
  ]
}
