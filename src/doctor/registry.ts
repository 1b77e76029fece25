import { error, ok, type Verdict } from './finding.ts'

/** What the loader says about a config. An error keeps the config out; a warning was put right on the way. */
type ConfigFinding = {
  severity: 'error' | 'warning'
  file: string
  path: string
  message: string
  kept?: string
}

export type RegistryNeeds = { services: number; findings: readonly ConfigFinding[] }

/** Configs that were left out. */
export const checkRegistry = ({ services, findings }: RegistryNeeds): Verdict[] => {
  const leftOut = findings.filter(({ severity }) => severity === 'error')
  const repaired = findings.length - leftOut.length
  if (leftOut.length > 0) return leftOut.map(reportLeftOut)
  const slips =
    repaired === 0 ? '' : `; ${repaired} slips put right (berth registry lint names them)`
  return [ok(`${services} services, no config left out${slips}`)]
}

const reportLeftOut = ({ file, path, message, kept }: ConfigFinding): Verdict =>
  error({
    what: `${file} is left out: ${path === '' ? '' : `${path}: `}${message}`,
    why:
      kept === undefined
        ? 'its service does not run; its port stays reserved'
        : `${kept} goes on with the config it had, and no change of this file reaches it`,
    fix: `edit ${file}, then: berth registry lint && berth up`,
  })
