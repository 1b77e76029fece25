import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { openPglite } from '../../src/store/pglite.ts'

const { version } = JSON.parse(
  readFileSync('node_modules/@electric-sql/pglite/package.json', 'utf8'),
) as { version: string }
const TEMPLATE = join(tmpdir(), `berth-test-pglite-${version}-${process.getuid?.() ?? 0}`)

/**
 * Puts an empty embedded database into a folder that is not there yet. Making one takes 2 s of CPU time, copying it 0.1 s:
 * so one is made, and kept for later runs.
 */
export const copyEmbedded = async (folder: string): Promise<void> => {
  if (!existsSync(TEMPLATE)) await makeTemplate()
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 })
  cpSync(TEMPLATE, folder, { recursive: true })
}

const makeTemplate = async (): Promise<void> => {
  const draft = mkdtempSync(`${TEMPLATE}-`)
  const database = await openPglite(join(draft, 'pg'))
  await database.close()
  try {
    renameSync(join(draft, 'pg'), TEMPLATE)
  } catch (error) {
    if (!existsSync(TEMPLATE)) throw error // otherwise another worker was faster
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}
