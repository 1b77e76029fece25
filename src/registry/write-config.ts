import { randomBytes } from 'node:crypto'
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { AppError, systemCodeOf } from '../base/errors.ts'

type Placement = { directory: string; name: string; force: boolean }

/**
 * Writes `<directory>/<name>/config.json` whole or not at all. What stands there is kept, also when another process
 * writes at the same moment; with `force` it is replaced.
 *
 * @throws AppError `service_exists`
 */
export const writeConfig = (
  config: unknown,
  { directory, name, force }: Placement,
): { file: string; outcome: 'written' | 'unchanged' } => {
  const folder = join(directory, name)
  const file = join(folder, 'config.json')
  const text = `${JSON.stringify(config, undefined, 2)}\n`
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return { file, outcome: 'unchanged' }
  mkdirSync(folder, { recursive: true })
  const draft = join(folder, `.config.${randomBytes(6).toString('hex')}`)
  writeFileSync(draft, text, { flag: 'wx' })
  try {
    if (force) renameSync(draft, file)
    else linkSync(draft, file) // unlike a rename, it never replaces
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error
    throw new AppError('service_exists', `${file} is there already; --force replaces it.`)
  } finally {
    rmSync(draft, { force: true })
  }
  return { file, outcome: 'written' }
}
