import { error, ok, warning, type Verdict } from './finding.ts'
import { compareVersions } from './versions.ts'

/** Older ones have known holes, and another wire format has not been tested. */
const NEEDED = '7.0.4'

export type Pm2Needs = {
  installed: string
  /** The version of this home's PM2 daemon; undefined when none answers. */
  running: () => Promise<string | undefined>
}

export const checkPm2 = async ({ installed, running }: Pm2Needs): Promise<Verdict[]> => {
  if (compareVersions(installed, NEEDED) < 0)
    return [
      error({
        what: `PM2 ${installed} is too old`,
        why: `Berth drives PM2 ${NEEDED} or newer; older ones have known security holes`,
        fix: 'npm ci',
      }),
    ]
  const daemon = await running()
  if (daemon === undefined) return [ok(`PM2 ${installed}; its daemon is not running`)]
  if (daemon === installed) return [ok(`PM2 ${installed}, installed and running`)]
  return [
    warning({
      what: `PM2's daemon is version ${daemon}, but ${installed} is installed`,
      why: 'a PM2 daemon keeps the code that it was started with; commands may not understand it',
      fix: 'berth down && berth up',
    }),
  ]
}
