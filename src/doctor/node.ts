import { error, ok, type Verdict } from './finding.ts'
import { compareVersions } from './versions.ts'

/** The first release of Node 20 that loads ES modules as the libraries here need it. */
const NEEDED = '20.19.0'

export const checkNode = (version: string): Verdict[] =>
  compareVersions(version, NEEDED) >= 0
    ? [ok(`Node ${version}`)]
    : [
        error({
          what: `Node ${version} is too old`,
          why: `the fleet's processes need Node ${NEEDED} or newer`,
          fix: 'nvm install 20 && nvm use 20, or your package manager; then berth down && berth up',
        }),
      ]
