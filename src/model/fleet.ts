/** What the operator sees of a service. `planned`: up, but offers no tools yet. */
export type ServiceState =
  'healthy' | 'degraded' | 'unhealthy' | 'starting' | 'stopped' | 'quarantined' | 'planned'

export type ServiceStatus = {
  service: string
  port: number
  /** The host's name: `mcp-host-<n>` or `mcp-<service>`. */
  host: string
  pid: number | null
  state: ServiceState
  /** ISO 8601: when the state began. */
  since: string
  restarts: number
  /** What is wrong: the last probe's finding in a word, and in a sentence. Absent where nothing is. */
  cause?: string
  reason?: string
}

export type HostStatus = {
  name: string
  pid: number | null
  state: 'online' | 'stopped' | 'errored' | 'starting'
  services: number
  /** Resident memory. */
  memoryBytes: number
  restarts: number
}

export type DaemonStatus = {
  state: 'running' | 'stopped'
  pid: number | null
  url: string
  since: string | null
  version: string
  database: 'embedded' | 'postgres'
  /** Shown loudly: outside calls go to this address instead of the real APIs. */
  sandbox: string | null
  pm2Home: string
}

/** The name under PM2 of the gateway beside the daemon. */
export const GATEWAY_APP = 'gateway'

export type GatewayStatus = {
  /** `degraded`: fewer processes listen than shall. */
  state: 'running' | 'degraded' | 'stopped'
  port: number
  /** Of what keeps the processes. */
  pid: number | null
  /** How many shall listen. */
  wanted: number
  /** The pids of those that do. */
  processes: number[]
  /** Resident memory of all of them. */
  memoryBytes: number
  restarts: number
}

/** The shape of `berth status --json`. */
export type FleetStatus = {
  services: ServiceStatus[]
  hosts: HostStatus[]
  daemon: DaemonStatus
  /** Null: instance URLs are the daemon's alone. */
  gateway: GatewayStatus | null
  /** Configs that could not be used when the fleet was applied last. */
  leftOut: readonly LeftOut[]
}

/** One line of `berth plan`: what would change, and why. */
export type PlanLine = {
  action: 'add' | 'remove' | 'change'
  kind: 'host' | 'service'
  name: string
  host: string
  /** The settings or config paths that differ, or another reason. */
  fields: string[]
}

/** A config that cannot be used. */
export type LeftOut = {
  file: string
  path: string
  message: string
  /** The service that goes on with the config it ran with; without one there is none, or it was never applied. */
  kept?: string
}

/** Something in a config that was put right or left away, so that the rest could be used. */
export type Slip = { service: string; file: string; path: string; message: string }

/** The whole of a plan, or of what was applied; with the slips in the configs of what changes. */
export type Changes = {
  changes: PlanLine[]
  leftOut: readonly LeftOut[]
  slips?: readonly Slip[]
}

/** One OS process under PM2 that serves services. */
export type HostPlan = {
  name: string
  kind: 'packed' | 'dedicated'
  services: readonly { name: string; port: number }[]
  /** Of a dedicated host: its service's own settings. */
  maxMemory?: string | undefined
  /** A program of the operator's own instead of the universal MCP server; relative to the service's folder. */
  script?: string | undefined
  nodeArgs?: readonly string[] | undefined
  instances?: number | undefined
  env?: readonly string[] | undefined
}

/** A process as PM2 shall run it; the part of its ecosystem format that Berth uses. */
export type AppSpec = {
  name: string
  script: string
  args: readonly string[]
  cwd: string
  interpreter: 'none'
  exec_mode: 'fork'
  autorestart: boolean
  exp_backoff_restart_delay: number
  stop_exit_codes: readonly number[]
  kill_timeout: number
  max_memory_restart?: string | undefined
  merge_logs: true
  out_file: string
  error_file: string
  vizion: false
  pmx: false
  /** PM2 leaves the starter's environment out only with this value. */
  filter_env: readonly ['']
  env: Readonly<Record<string, string>>
}
