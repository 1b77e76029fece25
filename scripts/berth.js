// The scripts of this folder are doors to the berth command: same code, names that operators may know already.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const command = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist/cli/main.js')

/** Runs `berth <verb…>` with the arguments that the script was called with. */
export const runBerth = async (...verb) => {
  if (!existsSync(command)) {
    console.error('berth is not built yet; run: npm run build')
    process.exit(1)
  }
  process.argv.splice(2, 0, ...verb)
  await import(command)
}
