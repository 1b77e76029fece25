import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { AppError, messageOf } from '../base/errors.ts'
import type { Service } from '../model/service.ts'
import { complete } from './complete.ts'
import type { Finding } from './finding.ts'
import { modernise } from './modernise.ts'
import { parseConfig, type Problem } from './parse.ts'

export type Registry = {
  /** By port. */
  services: Service[]
  findings: Finding[]
  /** Every port that some config names, also of configs that were left out. */
  reservedPorts: ReadonlySet<number>
}

/** A config file as it stands on disk. */
export type ConfigFile = { file: string; folder: string; text: string }

type Candidate = { file: string; service: Service }

/**
 * Loads every `<folder>/config.json` below a directory: read → modernise → parse → complete → conflicts. Every problem
 * is reported at once; only unreadable JSON, a missing name or port, or a conflict of either keeps a config out.
 *
 * @throws AppError `registry_invalid` when the directory cannot be read
 */
export const loadRegistry = (directory: string): Registry => {
  const findings: Finding[] = []
  const reservedPorts = new Set<number>()
  const candidates = readConfigFiles(directory).flatMap((file) =>
    loadOne(file, findings, reservedPorts),
  )
  const services = withoutConflicts(candidates, findings)
  services.sort((a, b) => a.port - b.port)
  return { services, findings, reservedPorts }
}

/** @throws AppError `registry_invalid` when the directory cannot be read */
export const readConfigFiles = (directory: string): ConfigFile[] => {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map((entry) => entry.name)
      .sort()
      .flatMap((name) => readConfigFile(join(directory, name, 'config.json')))
  } catch (cause) {
    throw new AppError(
      'registry_invalid',
      `Cannot read the registry at ${directory}: ${messageOf(cause)}.`,
      { cause },
    )
  }
}

const readConfigFile = (file: string): ConfigFile[] => {
  try {
    return [{ file, folder: basename(dirname(file)), text: readFileSync(file, 'utf8') }]
  } catch {
    return [] // a folder without a config is no service
  }
}

const loadOne = (
  { file, folder, text }: ConfigFile,
  findings: Finding[],
  reserved: Set<number>,
): Candidate[] => {
  const report = (severity: Finding['severity'], problems: readonly Problem[]) =>
    findings.push(...problems.map((problem) => ({ severity, service: folder, file, ...problem })))
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch (error) {
    reservePortInText(text, reserved)
    report('error', [{ path: '', message: `is not JSON: ${messageOf(error)}` }])
    return []
  }
  const modern = modernise(raw)
  const { config, problems } = parseConfig(nameAfterFolder(modern, folder))
  if (!config) {
    reservePortInText(text, reserved)
    report('error', problems)
    return []
  }
  reserved.add(config.port)
  const completed = complete(config)
  report('warning', [...problems, ...completed.problems])
  return [{ file, service: completed.service }]
}

const nameAfterFolder = (raw: unknown, folder: string): unknown =>
  typeof raw === 'object' && raw !== null && !('name' in raw) ? { name: folder, ...raw } : raw

/** A config that cannot be used still holds its port: nobody else shall get it meanwhile. */
const reservePortInText = (text: string, reserved: Set<number>): void => {
  const port = /"port"\s*:\s*"?(\d{2,5})/.exec(text)?.[1]
  if (port) reserved.add(Number(port))
}

const withoutConflicts = (candidates: readonly Candidate[], findings: Finding[]): Service[] => {
  const byName = new Map<string, Candidate>()
  const byPort = new Map<number, Candidate>()
  for (const candidate of candidates) {
    const { service, file } = candidate
    const taken = byName.get(service.name) ?? byPort.get(service.port)
    if (taken) {
      const what =
        taken.service.name === service.name ? `name "${service.name}"` : `port ${service.port}`
      const path = taken.service.name === service.name ? 'name' : 'port'
      findings.push({
        severity: 'error', service: service.name, file, path,
        message: `${what} is taken by ${taken.file}; give this service another`,
      }) // prettier-ignore
      continue
    }
    byName.set(service.name, candidate)
    byPort.set(service.port, candidate)
  }
  return [...byName.values()].map((candidate) => candidate.service)
}
