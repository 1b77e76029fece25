import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as yieldNow } from 'node:timers/promises'
import { loadRegistry } from '../../../src/registry/load.ts'
import { writeRegistryFile } from '../../../src/registry/registry-file.ts'
import type { Way } from './way.ts'

/** The floor of one process per service: Berth's host program and nobody who looks after it. */
export const bare: Way = {
  name: 'bare',
  title: "Berth's host program, spawned once per service, no PM2",
  deadlineMs: 240_000,
  prepare: ({ fleet, folder, workspace, signal }) => {
    const registryFile = join(folder, 'serviceRegistry.json')
    const hostKeyFile = join(folder, 'host.key')
    writeRegistryFile(registryFile, loadRegistry(fleet.registryDir).services)
    writeFileSync(hostKeyFile, randomBytes(32).toString('base64'), { mode: 0o600 })
    const env = {
      ...workspace.env,
      SERVICE_MODE: 'shared',
      BERTH_REGISTRY_FILE: registryFile,
      BERTH_HOST_KEY_FILE: hostKeyFile,
    }
    const program = join(workspace.packageRoot, 'dist/services/mcp/main.js')
    const launch = async () => {
      const log = openSync(join(folder, 'hosts.log'), 'a')
      try {
        for (const { name, port } of fleet.services) {
          signal.throwIfAborted()
          spawnHost(program, { ...env, MCP_TYPE: name, PORT: String(port) }, log)
          await yieldNow() // the benchmark asks the first ones while it spawns the last
        }
      } finally {
        closeSync(log)
      }
    }
    return Promise.resolve({ env, launch, release: () => Promise.resolve() })
  },
}

const spawnHost = (program: string, env: Readonly<Record<string, string>>, log: number): void => {
  const child = spawn(process.execPath, [program], { env: { ...env }, stdio: ['ignore', log, log] })
  // One that cannot be spawned is one that does not answer, and that is where it is reported.
  child.once('error', () => undefined)
  child.unref()
}
