/** Tool calls of one service in one process. */
export type CallFigures = { calls: number; errors: number }

/** What the event loop of a process did since it was asked last. */
export type LoopFigures = { meanMs: number; maxMs: number; utilization: number }

/** What a host says of itself when it is asked over its control socket. */
export type OwnFigures = { loop: LoopFigures; calls: Record<string, CallFigures> }

/** What is known of a host's process. Of one that runs no program of ours, what the kernel says. */
export type HostFigures = {
  host: string
  residentBytes: number
  cpuSeconds: number
  loop: LoopFigures | null
  calls: Record<string, CallFigures>
}
