import type { AppSpec } from '../../src/model/fleet.ts'

/** A program that runs until a signal comes. */
export const FOREVER = 'setInterval(() => undefined, 60_000)'

/** An app as PM2 shall run it: node with a program on its command line; what a test does not care about is plain. */
export const makeApp = (name: string, over: Partial<AppSpec> & { program?: string } = {}) => {
  const { program = FOREVER, ...rest } = over
  const spec: AppSpec = {
    name,
    script: process.execPath,
    args: ['-e', program],
    cwd: '/',
    interpreter: 'none',
    exec_mode: 'fork',
    autorestart: true,
    exp_backoff_restart_delay: 100,
    stop_exit_codes: [3],
    kill_timeout: 5000,
    merge_logs: true,
    out_file: '/dev/null',
    error_file: '/dev/null',
    vizion: false,
    pmx: false,
    filter_env: [''],
    env: {},
  }
  return { ...spec, ...rest }
}
