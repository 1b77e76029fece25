import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { AppError, messageOf } from '../base/errors.ts'
import type { Service } from '../model/service.ts'
import { complete } from './complete.ts'
import { resolveConflicts, type Candidate } from './conflicts.ts'
import type { Finding } from './finding.ts'
import { keepRunning } from './keep-running.ts'
import { modernise } from './modernise.ts'
import { parseConfig, type Problem } from './parse.ts'
import { isServiceName } from './schema.ts'
import { isObject } from './spelling.ts'

export type Registry = {
  /** By port. */
  services: Service[]
  findings: Finding[]
  /** Every port that some config names, also of configs that were left out. */
  reservedPorts: ReadonlySet<number>
}

/** A config file as it stands on disk. */
export type ConfigFile = { file: string; folder: string; text: string }

/** What became of one file. */
type Outcome = { candidate: Candidate | undefined; findings: Finding[]; ports: number[] }

/** What became of files that were read before; a file whose text is the same is not looked at again. */
export type Remembered = Map<string, { text: string; outcome: Outcome }>

/**
 * Loads every `<folder>/config.json` below a directory: read → modernise → parse → complete → conflicts. Every problem
 * is reported at once; only unreadable JSON, a missing name or port, or a conflict of either keeps a config out.
 *
 * @param remembered of earlier calls; brought up to date
 * @param running services as they run: one whose file has become unusable goes on with the config it has
 * @throws AppError `registry_invalid` when the directory cannot be read
 */
export const loadRegistry = (
  directory: string,
  remembered: Remembered = new Map(),
  running: readonly Service[] = [],
): Registry => {
  const outcomes = readConfigFiles(directory).map((file) => {
    const known = remembered.get(file.file)
    const outcome = known?.text === file.text ? known.outcome : loadOne(file)
    return [file, outcome] as const
  })
  remembered.clear()
  for (const [{ file, text }, outcome] of outcomes) remembered.set(file, { text, outcome })
  const usable = outcomes.flatMap(([, { candidate }]) => candidate ?? [])
  const unusable = outcomes.flatMap(([{ file, folder }, { candidate, ports }]) =>
    candidate ? [] : [{ file, names: [folder], ports }],
  )
  const { chosen, conflicts } = resolveConflicts(usable, running)
  const displaced = conflicts.map(({ file, service: name }) => ({ file, names: [name], ports: [] }))
  const kept = keepRunning([...unusable, ...displaced], { chosen, running })
  const findings = [...outcomes.flatMap(([, outcome]) => outcome.findings), ...conflicts]
  return {
    services: [...chosen, ...kept.values()].sort((a, b) => a.port - b.port),
    findings: findings.map((finding) => withKept(finding, kept.get(finding.file))),
    reservedPorts: new Set(outcomes.flatMap(([, { ports }]) => ports)),
  }
}

const withKept = (finding: Finding, kept: Service | undefined): Finding =>
  kept && finding.severity === 'error' ? { ...finding, kept: kept.name } : finding

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

const loadOne = ({ file, folder, text }: ConfigFile): Outcome => {
  const report = (severity: Finding['severity'], problems: readonly Problem[]): Finding[] =>
    problems.map((problem) => ({ severity, service: folder, file, ...problem }))
  const leftOut = (problems: readonly Problem[]): Outcome => ({
    candidate: undefined,
    findings: report('error', problems),
    ports: portsInText(text),
  })
  let raw: unknown
  try {
    raw = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    return leftOut([{ path: '', message: `is not JSON: ${messageOf(error)}` }])
  }
  const modern = modernise(raw)
  const { named, problems: naming } = withName(modern, folder)
  const { config, problems: parsing } = parseConfig(named)
  const problems = [...naming, ...parsing]
  if (!config) return leftOut(problems)
  const completed = complete(config)
  return {
    candidate: { file, service: completed.service },
    findings: report('warning', [...problems, ...completed.problems]),
    ports: [config.port],
  }
}

/** Without a name, or with one that cannot be part of a URL, a service is called like its folder. */
const withName = (raw: unknown, folder: string): { named: unknown; problems: Problem[] } => {
  if (!isObject(raw)) return { named: raw, problems: [] }
  const { name = folder } = raw
  if (isServiceName(name) || !isServiceName(folder))
    return { named: { ...raw, name }, problems: [] }
  const message = `${JSON.stringify(name)} cannot be part of a URL; called "${folder}" after its folder`
  return { named: { ...raw, name: folder }, problems: [{ path: 'name', message }] }
}

/** A config that cannot be used still holds its port: nobody else shall get it meanwhile. */
const portsInText = (text: string): number[] => {
  const port = /"port"\s*:\s*"?(\d{2,5})/.exec(text)?.[1]
  return port === undefined ? [] : [Number(port)]
}
