import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder (0700) for one test file, gone afterwards. Short: PM2's sockets in it may have 107 bytes of path. */
export const useTempFolder = (): (() => string) => {
  let folder = ''
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'bt-'))
  })
  after(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  return () => folder
}
