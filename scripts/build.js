// Builds dist/: the berth command, the daemon and the host programs, as ES modules that node runs as they are.
import { chmodSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const common = {
  absWorkingDir: root,
  outdir: 'dist',
  outbase: 'src',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'warning',
}

rmSync(join(root, 'dist'), { recursive: true, force: true })
await Promise.all([
  build({
    ...common,
    entryPoints: ['src/cli/main.ts', 'src/main.ts', 'src/gateway-process.ts'],
    packages: 'external',
  }),
  // Hosts carry their libraries with them: one file to read instead of hundreds makes them start in half the time.
  build({
    ...common,
    entryPoints: [
      'src/services/mcp/main.ts',
      'src/services/cluster/main.ts',
      'src/services/output/main.ts',
    ],
    chunkNames: 'services/[name]-[hash]',
    banner: {
      js: 'import { createRequire as _createRequire } from "node:module"; const require = _createRequire(import.meta.url);',
    },
  }),
])
chmodSync(join(root, 'dist/cli/main.js'), 0o755)
