import { join } from 'node:path'
import { z } from 'zod'
import type { AppSpec } from '../model/fleet.ts'
import { bytesOf } from '../model/memory-size.ts'
import { callPm2 } from './rpc.ts'

/** Bounds on what PM2 may take for an action. */
const QUICK_MS = 5_000
const START_MS = 15_000
/** Above PM2's own kill_timeout of 5 s plus its polling. */
const STOP_MS = 12_000

/** A process as PM2 sees it. */
export type RunningProcess = {
  pmId: number
  name: string
  pid: number | undefined
  /** PM2's word: online, stopped, errored, launching, `waiting restart`… */
  status: string
  restarts: number
  /** Of the last end; 0 also for a signal. */
  exitCode: number | undefined
  startedAt: Date
  memoryBytes: number
  /** PM2's view of the process's environment. */
  env: Readonly<Record<string, unknown>>
}

const processSchema = z.object({
  pid: z.number().optional(),
  pm_id: z.number(),
  name: z.string(),
  pm2_env: z.looseObject({
    status: z.string(),
    restart_time: z.number().default(0),
    pm_uptime: z.number().default(0),
    exit_code: z.number().optional(),
    env: z.record(z.string(), z.unknown()).default({}),
  }),
  monit: z.object({ memory: z.number().default(0) }).prefault({}),
})

/** The actions that Berth takes on PM2; each has a deadline and acts by id. */
export type Pm2 = {
  list: () => Promise<RunningProcess[]>
  start: (spec: AppSpec) => Promise<void>
  /** Stops a process and forgets it. */
  remove: (pmId: number) => Promise<void>
  /** Ends PM2's daemon; its apps must be gone before. */
  end: () => Promise<void>
  isAlive: () => Promise<boolean>
}

/** @param home PM2's home; its sockets must be in a folder that nobody else can enter */
export const createPm2 = (home: string): Pm2 => {
  const call = (method: string, deadlineMs: number, ...args: unknown[]) =>
    callPm2(join(home, 'rpc.sock'), { method, args, deadlineMs })
  return {
    list: async () =>
      z
        .array(processSchema)
        .parse(await call('getMonitorData', QUICK_MS, {}))
        .map(toProcess),
    start: async (spec) => {
      await call('prepare', START_MS, toPm2Env(spec, home))
    },
    remove: async (pmId) => {
      await call('deleteProcessId', STOP_MS, pmId)
    },
    end: async () => {
      // It ends before it has answered, more often than not; the caller waits for the process.
      await call('killMe', STOP_MS, {}).catch(() => undefined)
    },
    isAlive: () => call('ping', 1_000, {}).then(() => true, () => false), // prettier-ignore
  }
}

const WAITING = 'waiting restart'

/**
 * With a backoff, PM2 calls waiting also what it leaves stopped because of its exit code: only that one's pid is 0. The
 * pid of one that really waits is that of the process that ended.
 */
const toProcess = (raw: z.output<typeof processSchema>): RunningProcess => ({
  pmId: raw.pm_id,
  name: raw.name,
  pid: raw.pid === 0 || raw.pm2_env.status === WAITING ? undefined : raw.pid,
  status: raw.pid === 0 && raw.pm2_env.status === WAITING ? 'stopped' : raw.pm2_env.status,
  restarts: raw.pm2_env.restart_time,
  exitCode: raw.pm2_env.exit_code,
  startedAt: new Date(raw.pm2_env.pm_uptime),
  memoryBytes: raw.monit.memory,
  env: raw.pm2_env.env,
})

/** What PM2's client makes of an ecosystem entry before it calls `prepare` (PM2 7, lib/Common.js, prepareAppConf). */
const toPm2Env = (spec: AppSpec, home: string): Record<string, unknown> => ({
  name: spec.name,
  namespace: 'berth',
  pm_exec_path: spec.script,
  exec_interpreter: spec.interpreter,
  exec_mode: 'fork_mode',
  args: spec.args,
  node_args: [],
  pm_cwd: spec.cwd,
  env: spec.env,
  filter_env: spec.filter_env,
  autostart: true,
  autorestart: spec.autorestart,
  exp_backoff_restart_delay: spec.exp_backoff_restart_delay,
  stop_exit_codes: spec.stop_exit_codes,
  kill_timeout: spec.kill_timeout,
  kill_retry_time: 100,
  treekill: true,
  ...(spec.max_memory_restart && { max_memory_restart: bytesOf(spec.max_memory_restart) }),
  merge_logs: spec.merge_logs,
  pm_out_log_path: spec.out_file,
  pm_err_log_path: spec.error_file,
  pm_pid_path: join(home, 'pids', `${spec.name}.pid`),
  watch: false,
  vizion: false,
  pmx: false,
  automation: false,
  km_link: false,
  vizion_running: false,
  windowsHide: true,
  username: spec.env['USER'] ?? '',
  instance_var: 'NODE_APP_INSTANCE',
})
