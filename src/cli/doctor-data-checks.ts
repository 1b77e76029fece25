import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../base/config.ts'
import { DAEMON_LOCK } from '../compose/fleet/wanted.ts'
import { checkDatabase } from '../doctor/database.ts'
import { checkFileModes } from '../doctor/file-modes.ts'
import type { Check } from '../doctor/finding.ts'
import { checkKeyRing } from '../doctor/key-ring.ts'
import { checkRegistry } from '../doctor/registry.ts'
import { tryKeyRing, type DoctorParts } from './doctor-facts.ts'

/** The checks of what is stored: configs, files, database, keys. */
export const dataChecks = (parts: DoctorParts): Check[] => {
  const { config, facts, fleet } = parts
  return [
    {
      name: 'registry',
      run: () => {
        if ('failure' in fleet) throw fleet.failure
        return checkRegistry({ services: fleet.services.length, findings: fleet.findings })
      },
    },
    {
      name: 'file-modes',
      run: () => checkFileModes({ ...ownedPaths(parts), uid: process.getuid?.() ?? 0 }),
    },
    {
      name: 'database',
      run: () =>
        checkDatabase({
          name: nameOfDatabase(config),
          isEmbedded: config.databaseUrl === undefined,
          exists: existsSync(config.home.pg),
          holder: facts.holder,
          schema: async () => (await facts.database())?.schema,
        }),
    },
    {
      name: 'key-ring',
      run: () =>
        checkKeyRing({
          file: config.masterKeyFile,
          isThere: existsSync(config.masterKeyFile),
          open: () => tryKeyRing(config, facts),
          isNeeded: () => isSealed(parts),
        }),
    },
  ]
}

const ownedPaths = ({ config, databaseUrlFile }: DoctorParts) => {
  const { home, pm2Home, masterKeyFile, adminTokenFile } = config
  const locks = [DAEMON_LOCK, 'pm2-launch']
  const given = databaseUrlFile === undefined ? [] : [databaseUrlFile]
  return {
    folders: [home.root, home.run, home.logs, pm2Home],
    secretFiles: [
      masterKeyFile,
      adminTokenFile,
      home.hostKeyFile,
      home.databaseUrlFile,
      ...locks.map((name) => join(home.run, `${name}.lock`)),
      ...given,
    ],
  }
}

/** Whether a key ring has sealed something here, as far as can be told. */
const isSealed = async ({ config, facts }: DoctorParts): Promise<boolean> =>
  config.databaseUrl === undefined
    ? existsSync(config.home.pg)
    : ((await facts.database())?.keys.length ?? 0) > 0

const nameOfDatabase = ({ databaseUrl, home }: Config): string => {
  if (databaseUrl === undefined) return `the embedded database in ${home.pg}`
  const { host, pathname } = new URL(databaseUrl)
  return `Postgres at ${host}${pathname}`
}
