import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { AppError, messageOf } from '../base/errors.ts'

/**
 * Names of PM2's own process state and options. PM2 lays an app's env over them, so a variable of such a name would
 * change how PM2 sees or runs the process (PM2 7, lib/God.js, executeApp).
 */
const PM2_NAMES = new Set([
  'args', 'automation', 'autorestart', 'autostart', 'created_at', 'cron_restart', 'cwd', 'deep_monitoring',
  'disable_logs', 'disable_source_map_support', 'disable_trace', 'env', 'error_file', 'event_loop_inspector',
  'exec_interpreter', 'exec_mode', 'execute_command', 'exit_code', 'exp_backoff_restart_delay', 'filter_env', 'force',
  'gid', 'ignore_watch', 'increment_var', 'install_url', 'instance_var', 'instances', 'interpreter', 'io',
  'kill_retry_time', 'kill_timeout', 'listen_timeout', 'log_date_format', 'log_file', 'log_type', 'max_memory_restart',
  'max_restarts', 'merge_logs', 'min_uptime', 'monitoring', 'name', 'name_prefix', 'namespace', 'node_args',
  'node_version', 'out_file', 'pid_file', 'pmx', 'port', 'post_update', 'prev_restart_delay', 'restart_delay',
  'restart_time', 'script', 'shutdown_with_message', 'source_map_support', 'status', 'stop_exit_codes', 'time', 'trace',
  'treekill', 'uid', 'unique_id', 'unstable_restarts', 'username', 'v8', 'version', 'versioning', 'vizion',
  'vizion_running', 'wait_ready', 'watch', 'watch_delay', 'watch_options', 'windowsHide', 'write',
]) // prettier-ignore
const isPm2Name = (name: string) => PM2_NAMES.has(name) || /^(pm|axm|env)_/.test(name)

const nodeArgs = z.array(z.string())
const variables = z.record(z.string(), z.string()).superRefine((env, context) => {
  for (const name of Object.keys(env).filter(isPm2Name))
    context.addIssue({
      code: 'custom',
      path: [name],
      message: "a name of PM2's own state; take another",
    })
})

const settings = z.strictObject({
  max_memory_restart: z
    .string()
    .regex(/^\d+[KMG]$/, 'PM2\'s notation: "512M"')
    .optional(),
  node_args: nodeArgs.default([]),
  env: variables.default({}),
  out_file: z.string().optional(),
  error_file: z.string().optional(),
})

/** What is absent here comes from `hosts`, so it has no default. */
const ownSettings = settings.extend({
  node_args: nodeArgs.optional(),
  env: variables.optional(),
})

const schema = z.strictObject({
  isolation: z.enum(['packed', 'dedicated']).default('packed'),
  daemon: settings.prefault({}),
  gateway: settings.prefault({}),
  hosts: settings.prefault({}),
  services: z.record(z.string(), ownSettings).default({}),
})

/** What the operator's `ecosystem.template.js` says. */
export type Template = z.output<typeof schema>
export type TemplateSettings = z.output<typeof settings>

/**
 * Loads the operator's template.
 * @throws AppError `config_invalid` naming everything that is wrong with it
 */
export const loadTemplate = async (file: string): Promise<Template> => {
  const module = await importTemplate(file)
  const parsed = schema.safeParse(module.default)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new AppError('config_invalid', `${file} is not right:\n  ${problems.join('\n  ')}`)
}

const importTemplate = async (file: string): Promise<{ default?: unknown }> => {
  try {
    return (await import(pathToFileURL(file).href)) as { default?: unknown }
  } catch (cause) {
    throw new AppError('config_invalid', `${file} does not load: ${messageOf(cause)}`, { cause })
  }
}
