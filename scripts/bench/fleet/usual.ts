import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pm2Command } from '../../../src/processes/launch.ts'
import { runNode } from './command.ts'
import type { Fleet } from './fleet.ts'
import type { Way } from './way.ts'

const PROGRAM = fileURLToPath(new URL('./usual-server.js', import.meta.url))

/** PM2 7 starts two apps at a time; on few cores more would not be faster. */
const DEADLINE_MS = 240_000

/** What Berth is compared with: PM2 and one process per service. */
export const usual: Way = {
  name: 'usual',
  title: 'PM2, one express + MCP SDK process per service',
  deadlineMs: DEADLINE_MS,
  prepare: ({ fleet, folder, workspace, signal }) => {
    const config = join(folder, 'ecosystem.config.cjs')
    writeFileSync(config, `module.exports = ${JSON.stringify({ apps: fleet.services.map(appOf(fleet)) })}\n`) // prettier-ignore
    // Without the third variable PM2 would ask the internet for a newer version of itself.
    const env = { ...workspace.env, PM2_HOME: join(folder, 'pm2'), PM2_DISABLE_VERSION_CHECK: '1' }
    return Promise.resolve({
      env,
      launch: async () => {
        await runNode({
          args: [pm2Command(), 'start', config],
          env,
          deadlineMs: DEADLINE_MS,
          signal,
        })
      },
      release: () => Promise.resolve(),
    })
  },
}

/** As somebody would write it who has read PM2's documentation: nothing on that costs memory and is not used. */
const appOf =
  ({ registryDir }: Fleet) =>
  ({ name, port }: Fleet['services'][number]) => ({
    name,
    script: PROGRAM,
    exec_mode: 'fork',
    pmx: false,
    vizion: false,
    autorestart: true,
    env: { PORT: String(port), SERVICE_CONFIG: join(registryDir, name, 'config.json') },
  })
