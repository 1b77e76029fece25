import { join } from 'node:path'
import { GATEWAY_APP, type AppSpec, type HostPlan } from '../model/fleet.ts'
import { bytesOf } from '../model/memory-size.ts'
import type { Service } from '../model/service.ts'
import { FINGERPRINT_VARIABLE, fingerprintOf } from './fingerprint.ts'
import { isManifold } from './plan.ts'
import type { Template, TemplateSettings } from './template.ts'

/** Where things are on this machine; everything that the ecosystem depends on besides template and registry. */
type Install = {
  packageRoot: string
  registryDir: string
  nodePath: string
  logs: string
  /** Of the installed package: another one replaces every process. */
  version: string
  /** Folder of control sockets and of what each host serves. */
  run: string
  /** The daemon's environment; without secrets. */
  daemonEnv: Readonly<Record<string, string>>
  /** The gateway beside the daemon; undefined: none. */
  gateway: { processes: number; env: Readonly<Record<string, string>> } | undefined
  /** What every host gets besides its services; without secrets. */
  hostEnv: Readonly<Record<string, string>>
  /** Variables that services ask for by name. */
  passedOn: Readonly<Record<string, string>>
}

/** The daemon ends with this code when a restart cannot help (a held lock, a wrong setting): PM2 leaves it stopped. */
export const EXIT_DO_NOT_RESTART = 3

type Parts = {
  install: Install
  template: Template
  hosts: readonly HostPlan[]
  services: readonly Service[]
}

/** The PM2 apps of the whole fleet: `main-api` first, then the gateway beside it if there is one, then the hosts. */
export const buildEcosystem = ({ install, template, hosts, services }: Parts): AppSpec[] => {
  const byName = new Map(services.map((service) => [service.name, service]))
  const daemon = appSpec(install, 'main-api', {
    settings: template.daemon,
    program: [join(install.packageRoot, 'dist/main.js')],
    env: install.daemonEnv,
    parts: {},
    stopExitCodes: [EXIT_DO_NOT_RESTART],
  })
  return [
    daemon,
    ...gatewayApps(install, template),
    ...hosts.map((host) => {
      const settings = hostSettings(template, host)
      return appSpec(install, host.name, {
        settings,
        program: programOf(install, host, settings.max_memory_restart),
        stopExitCodes: [],
        env: hostEnvironment(install, host),
        // Such a host takes no changes while it runs: what it serves is part of how it was started.
        parts: isChangedInPlace(host) ? {} : { service: JSON.stringify(byName.get(firstOf(host))) },
      })
    }),
  ]
}

/** Refused settings are no reason to try again either. */
const EXIT_BAD_USAGE = 2
/** Requests under way have 5 s, and then what was counted is written. */
const GATEWAY_KILL_MS = 9_000

const gatewayApps = (install: Install, { gateway: settings }: Template): AppSpec[] => {
  if (!install.gateway) return []
  const { processes, env } = install.gateway
  const memory = settings.max_memory_restart
  const program = [
    join(install.packageRoot, 'dist/cli/main.js'),
    'gateway',
    '--processes',
    String(processes),
    ...(memory === undefined ? [] : ['--max-memory', memory]),
  ]
  const stopExitCodes = [EXIT_BAD_USAGE, EXIT_DO_NOT_RESTART]
  const app = { settings, program, env, parts: {}, stopExitCodes, killMs: GATEWAY_KILL_MS }
  return [appSpec(install, GATEWAY_APP, app)]
}

const firstOf = (host: HostPlan): string => host.services[0]?.name ?? ''

/** An own program has no control channel, and one process of several cannot speak for the others. */
const isChangedInPlace = (host: HostPlan): boolean =>
  host.script === undefined && !isManifold(host.instances)

const programOf = (install: Install, host: HostPlan, maxMemory: string | undefined): string[] => {
  const program =
    host.script === undefined
      ? join(install.packageRoot, 'dist/services/mcp/main.js')
      : join(install.registryDir, firstOf(host), host.script)
  // Own programs write their log through ours: bounded, with time and service.
  const output =
    host.script === undefined
      ? []
      : ['--import', join(install.packageRoot, 'dist/services/output/main.js')]
  if (!isManifold(host.instances)) return [...output, program]
  const launcher = join(install.packageRoot, 'dist/services/cluster/main.js')
  return [...output, launcher, String(host.instances), String(bytesOf(maxMemory)), program]
}

const hostEnvironment = (install: Install, host: HostPlan): Record<string, string> => ({
  ...install.hostEnv,
  ...hostFiles(install.run, host),
  ...servicesEnv(host),
  ...passedOn(install, host),
})

const passedOn = (install: Install, { env = [] }: HostPlan): Record<string, string> =>
  Object.fromEntries(Object.entries(install.passedOn).filter(([name]) => env.includes(name)))

/** The host's control socket, and the list of what it serves by now. */
export const controlSocketOf = (run: string, host: string): string => join(run, `${host}.sock`)
export const crashFileOf = (run: string, host: string): string => join(run, `${host}.crash.json`)
export const workFileOf = (run: string, host: string): string => join(run, `${host}.working`)
export const servedFileOf = (run: string, host: string): string => join(run, `${host}.json`)

const hostFiles = (run: string, host: HostPlan): Record<string, string> => ({
  BERTH_SERVED_FILE: servedFileOf(run, host.name),
  BERTH_CRASH_FILE: crashFileOf(run, host.name),
  ...(isChangedInPlace(host) && {
    BERTH_CONTROL_SOCKET: controlSocketOf(run, host.name),
    BERTH_WORK_FILE: workFileOf(run, host.name),
  }),
})

const hostSettings = (template: Template, host: HostPlan): TemplateSettings => {
  const own = host.kind === 'dedicated' ? template.services[firstOf(host)] : undefined
  const memory = own?.max_memory_restart ?? host.maxMemory ?? template.hosts.max_memory_restart
  return {
    ...template.hosts,
    ...own,
    max_memory_restart: memory,
    node_args: [...(own?.node_args ?? host.nodeArgs ?? template.hosts.node_args)],
    env: { ...template.hosts.env, ...own?.env },
  }
}

const servicesEnv = (host: HostPlan): Record<string, string> => {
  const [first] = host.services
  return host.kind === 'dedicated' && first
    ? { SERVICE_MODE: 'shared', MCP_TYPE: first.name, PORT: String(first.port) }
    : { SERVICE_MODE: 'shared', MCP_TYPES: host.services.map(({ name }) => name).join(',') }
}

type App = {
  settings: TemplateSettings
  /** With its arguments. */
  program: readonly string[]
  env: Readonly<Record<string, string>>
  stopExitCodes: readonly number[]
  /** How long it may take to end; default 5 s. */
  killMs?: number
  /** What else is part of its fingerprint. */
  parts: Readonly<Record<string, string>>
}

const appSpec = (install: Install, name: string, app: App): AppSpec => {
  const spec: AppSpec = {
    name,
    script: install.nodePath,
    args: [...app.settings.node_args, ...app.program],
    cwd: install.packageRoot,
    interpreter: 'none', // plain node: PM2's own wrapper costs 3 MB a process
    exec_mode: 'fork',
    autorestart: true,
    exp_backoff_restart_delay: 100,
    stop_exit_codes: app.stopExitCodes,
    kill_timeout: app.killMs ?? 5000,
    ...(app.settings.max_memory_restart && { max_memory_restart: app.settings.max_memory_restart }),
    merge_logs: true,
    out_file: app.settings.out_file ?? join(install.logs, `${name}.log`),
    error_file: app.settings.error_file ?? join(install.logs, `${name}.log`),
    vizion: false,
    pmx: false,
    filter_env: [''],
    env: { ...app.env, ...app.settings.env },
  }
  return {
    ...spec,
    env: {
      ...spec.env,
      [FINGERPRINT_VARIABLE]: fingerprintOf(spec, { version: install.version, ...app.parts }),
    },
  }
}

/** The text of `ecosystem.config.cjs`; the same input gives the same bytes. */
export const renderEcosystem = (apps: readonly AppSpec[]): string =>
  [
    '// Generated by "berth ecosystem generate" from ecosystem.template.js and the registry. Edit those instead.',
    `module.exports = ${JSON.stringify({ apps }, undefined, 2)}`,
    '',
  ].join('\n')
