import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { environmentOf, readVariables, type Config } from '../../base/config.ts'
import { AppError } from '../../base/errors.ts'
import { otlpEnvironment } from '../../base/otlp.ts'
import { readOrMakeSecretFile } from '../../base/secret-file.ts'
import { buildEcosystem } from '../../fleet/ecosystem.ts'
import { planHosts } from '../../fleet/plan.ts'
import { loadTemplate } from '../../fleet/template.ts'
import type { AppSpec, HostPlan, LeftOut, Slip } from '../../model/fleet.ts'
import type { Service } from '../../model/service.ts'
import type { Finding } from '../../registry/finding.ts'
import { nearest } from '../../model/nearest.ts'
import { loadRegistry, type Remembered } from '../../registry/load.ts'
import { readRegistryFile } from '../../registry/registry-file.ts'

/** What shall run, from registry, template and settings. */
export type WantedFleet = {
  services: Service[]
  hosts: HostPlan[]
  /** `main-api` first. */
  apps: AppSpec[]
  findings: Finding[]
  leftOut: LeftOut[]
  slips: Slip[]
}

/** The name of the daemon's process under PM2. */
export const DAEMON_NAME = 'main-api'

/** The name of the lock that the one daemon of a home holds. */
export const DAEMON_LOCK = 'daemon'

/**
 * @param remembered what became of the registry's files before: who asks again and again saves the time
 * @throws AppError `registry_invalid` or `config_invalid`
 */
export const loadWantedFleet = async (
  config: Config,
  isolated: readonly string[] = [],
  remembered?: Remembered,
): Promise<WantedFleet> => {
  const registry = loadRegistry(config.registryDir, remembered, runningServices(config))
  const services = selectServices(registry.services, config.services)
  const outward = config.tracing?.outward ?? []
  if (outward !== 'all') requireKnown('BERTH_TRACEPARENT_TO', registry.services, outward)
  if (services.length === 0)
    throw new AppError(
      'registry_invalid',
      `${config.registryDir} holds no service that can run; see berth registry lint.`,
    )
  const template = await loadTemplate(join(config.packageRoot, 'ecosystem.template.js'))
  const hosts = planHosts(services, {
    isolated,
    isolation: config.isolation ?? template.isolation,
    hosts: config.hosts,
  })
  const passedOn = readVariables(services.flatMap((service) => service.process?.env ?? []))
  const install = {
    packageRoot: config.packageRoot,
    registryDir: config.registryDir,
    run: config.home.run,
    nodePath: process.execPath,
    version: packageVersion(config),
    logs: config.home.logs,
    passedOn,
    // The daemon passes them on, so it has them too.
    daemonEnv: { ...passedOn, ...environmentOf(config) },
    gateway: gatewayOf(config),
    hostEnv: hostEnvironment(config),
  }
  return {
    services,
    hosts,
    apps: buildEcosystem({ install, template, hosts, services }),
    findings: registry.findings,
    leftOut: registry.findings.filter(({ severity }) => severity === 'error'),
    slips: registry.findings.filter(({ severity }) => severity === 'warning'),
  }
}

/** As they were applied last; none before the first time. */
const runningServices = ({ home }: Config): Service[] => {
  try {
    return readRegistryFile(home.registryFile)
  } catch {
    return []
  }
}

const selectServices = (services: readonly Service[], wanted: Config['services']): Service[] => {
  if (wanted === 'all') return [...services]
  requireKnown('BERTH_SERVICES', services, wanted)
  return services.filter((service) => wanted.includes(service.name))
}

/** @throws AppError `config_invalid` */
const requireKnown = (
  setting: string,
  services: readonly Service[],
  wanted: readonly string[],
): void => {
  const names = services.map((service) => service.name)
  const unknown = wanted.filter((name) => !names.includes(name))
  if (unknown.length === 0) return
  const said = unknown.map((name) => {
    const near = nearest(name, names)
    return near === undefined ? name : `${name} (did you mean ${near}?)`
  })
  throw new AppError(
    'config_invalid',
    `${setting} names what the registry does not have: ${said.join(', ')}.`,
  )
}

/** The same settings as the daemon's, but for its port. */
const gatewayOf = (config: Config) => {
  const { gateways, gatewayPort: port } = config
  if (gateways === 0) return undefined
  return { processes: gateways, env: environmentOf({ ...config, port, gateways: 0 }) }
}

const hostEnvironment = (config: Config): Record<string, string> => ({
  ...config.passed,
  BERTH_HOME: config.home.root,
  BERTH_REGISTRY_FILE: config.home.registryFile,
  BERTH_HOST_KEY_FILE: config.home.hostKeyFile,
  BERTH_LOG_LEVEL: config.logLevel,
  ...(config.sandboxUrl === undefined ? {} : { BERTH_SANDBOX_URL: config.sandboxUrl }),
  ...(config.allowPrivate ? { BERTH_ALLOW_PRIVATE: 'true' } : {}),
  ...(config.tracing && otlpEnvironment(config.tracing)),
})

/** The key under which the gateway seals credentials for hosts; made by whoever needs it first. */
export const loadHostKey = (config: Config): Buffer =>
  Buffer.from(
    readOrMakeSecretFile(config.home.hostKeyFile, () => randomBytes(32).toString('base64')),
    'base64',
  )

/** The operator's token for the admin routes; made by whoever needs it first. */
export const loadAdminToken = (config: Config): string =>
  readOrMakeSecretFile(
    config.adminTokenFile,
    () => `brt_admin_${randomBytes(24).toString('base64url')}`,
  )

export const packageVersion = ({ packageRoot }: Pick<Config, 'packageRoot'>): string =>
  (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string })
    .version
