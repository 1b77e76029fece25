import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { useTempFolder } from './support/temp-folder.ts'

const ROOT = join(import.meta.dirname, '..')
const RULES = join(ROOT, '.dependency-cruiser.cjs')
const CRUISER = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')

type Violation = { rule: { name: string }; from: string }
type Report = { summary: { totalCruised: number; violations: Violation[] } }

/** Runs dependency-cruiser with the project's rules over what lies in a folder. */
const cruise = (folder: string, ...what: string[]): Promise<Report['summary']> =>
  new Promise((resolve, reject) => {
    const args = [CRUISER, ...what, '--config', RULES, '--output-type', 'json']
    const options = { cwd: folder, maxBuffer: 64 * 1024 * 1024 }
    execFile(process.execPath, args, options, (_error, stdout, stderr) => {
      try {
        resolve((JSON.parse(stdout) as Report).summary)
      } catch (cause) {
        reject(new Error(`dependency-cruiser gave no report: ${stderr}`, { cause }))
      }
    })
  })

const fired = ({ violations }: Report['summary']): string[] =>
  violations.map(({ rule, from }) => `${rule.name}: ${from}`).sort()

const EMPTY = 'export const nothing = 0\n'
const imports = (target: string) => `import * as it from '${target}'\nexport const x = it\n`

/** Each file breaks the rule that it is listed under, and no other. */
const BREAKING: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'base-imports-nothing': { 'src/base/clock.ts': imports('../model/service.ts') },
  'model-imports-base-only': { 'src/model/limits.ts': imports('../fleet/plan.ts') },
  'parts-do-not-know-each-other': {
    'src/gateway/route.ts': imports('../store/users.ts'),
    'src/services/mcp/start.ts': imports('../../daemon.ts'),
    'src/health/sweep.ts': `import type { nothing } from '../store/users.ts'\nexport type X = typeof nothing\n`,
  },
  'programs-of-services-introduce-tracing-alone': {
    'src/services/mcp/main.ts': imports('../../store/users.ts'),
  },
  'compose-knows-no-program': { 'src/compose/fleet/parts.ts': imports('../../daemon.ts') },
  'no-cycles': { 'src/vault/open.ts': imports('./seal.ts') },
  'src-never-imports-test': { 'src/cli/fake.ts': imports('../../test/fake.ts') },
  'pg-only-through-store': { 'src/api/query.ts': imports('pg') },
  'redis-only-through-store': { 'src/gateway/count.ts': imports('@redis/client') },
  'pglite-only-through-store': { 'src/daemon-store.ts': imports('@electric-sql/pglite') },
  'express-only-through-(api|gateway)': { 'src/health/page.ts': imports('express') },
  'pm2-only-through-processes': { 'src/supervisor/restart.ts': imports('pm2') },
  'libsodium-only-through-vault': { 'src/model/seal.ts': imports('libsodium-wrappers') },
  'oauth4webapi-only-through-oauth': { 'src/api/sign-in.ts': imports('oauth4webapi') },
  'opentelemetry-only-through-tracing': { 'src/health/span.ts': imports('@opentelemetry/api') },
  'prom-client-only-through-metrics': { 'src/api/metrics.ts': imports('prom-client') },
  'http-proxy-only-through-gateway': { 'src/api/forward.ts': imports('http-proxy') },
  'child-process-only-through-(processes|cli|store)': {
    'src/fleet/run.ts': imports('node:child_process'),
    'src/base/run.ts': imports('child_process'),
  },
}

const ALLOWED: Readonly<Record<string, string>> = {
  'src/base/errors.ts': EMPTY,
  'src/model/service.ts': imports('../base/errors.ts'),
  'src/fleet/plan.ts': imports('../model/service.ts'),
  'src/store/users.ts': imports('pg'),
  'src/vault/seal.ts': imports('./open.ts'), // the other half of the cycle, which is told once
  'src/tracing/spans.ts': imports('@opentelemetry/api'),
  'src/services/other/main.ts': imports('../../tracing/spans.ts'),
  'src/api/server.ts': imports('express'),
  'src/gateway/server.ts': imports('express'),
  'src/processes/launch.ts': imports('node:child_process'),
  'src/daemon.ts': imports('./store/users.ts') + `export * from './fleet/plan.ts'\n`,
  'test/fake.ts': imports('../src/store/users.ts'),
}

const PACKAGES = ['pg', '@electric-sql/pglite', '@redis/client', 'express', 'pm2', 'libsodium-wrappers', 'http-proxy', 'oauth4webapi', 'prom-client', '@opentelemetry/api'] // prettier-ignore

const writeFiles = (folder: string, files: Readonly<Record<string, string>>): void => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

const writeTree = (folder: string): void => {
  writeFiles(folder, {
    'tsconfig.json': '{ "compilerOptions": { "module": "nodenext", "allowImportingTsExtensions": true, "noEmit": true } }', // prettier-ignore
    'package.json': '{ "type": "module" }',
    ...ALLOWED,
  })
  for (const files of Object.values(BREAKING)) writeFiles(folder, files)
  for (const name of PACKAGES)
    writeFiles(join(folder, 'node_modules', name), {
      'package.json': JSON.stringify({ name, version: '1.0.0', main: 'index.js' }),
      'index.js': 'module.exports = {}\n',
    })
}

describe('the direction of imports', function () {
  this.timeout(60_000)
  const temp = useTempFolder()

  it('is kept by every module of this project', async () => {
    const summary = await cruise(ROOT, 'src', 'test', 'scripts')
    assert.deepEqual(fired(summary), [])
    assert.ok(summary.totalCruised > 100, `${summary.totalCruised} modules were looked at`)
  })

  it('is watched by rules that all bite, and only where they should', async () => {
    writeTree(temp())
    const expected = Object.entries(BREAKING).flatMap(([rule, files]) =>
      Object.keys(files).map((file) => `${rule}: ${file}`),
    )
    assert.deepEqual(fired(await cruise(temp(), 'src', 'test')), expected.sort())
  })

  it('has no rule that this test does not try', () => {
    const rules = createRequire(import.meta.url)(RULES) as { forbidden: { name: string }[] }
    assert.deepEqual(rules.forbidden.map(({ name }) => name).sort(), Object.keys(BREAKING).sort()) // prettier-ignore
  })
})
