// Writes what is generated from the code: the JSON Schema of service configs, and the tables of error codes and
// events in FORMATS.md. With --check: writes nothing, fails when a file is not up to date.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format } from 'prettier'
import { ERROR_CODES } from '../src/base/errors.ts'
import { EVENT_TYPES } from '../src/model/event.ts'
import { serviceJsonSchema } from '../src/registry/schema.ts'

const root = join(import.meta.dirname, '..')

const errorTable = [
  '| code | HTTP | meaning |',
  '| --- | --- | --- |',
  ...Object.entries(ERROR_CODES).map(
    ([code, { status, meaning }]) => `| \`${code}\` | ${status} | ${meaning} |`,
  ),
].join('\n')

const eventTable = [
  '| type | meaning |',
  '| --- | --- |',
  ...Object.entries(EVENT_TYPES).map(([type, meaning]) => `| \`${type}\` | ${meaning} |`),
].join('\n')

const between = (text: string, name: string, content: string): string => {
  const [begin, end] = [`<!-- ${name} begin -->`, `<!-- ${name} end -->`]
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from === -1 || to === -1) throw new Error(`FORMATS.md has no "${begin}" … "${end}"`)
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`
}

const formats = join(root, 'FORMATS.md')
const options = { semi: false, singleQuote: true, printWidth: 100 }
const files = new Map([
  [
    join(root, 'registry/service.schema.json'),
    `${JSON.stringify(serviceJsonSchema(), undefined, 2)}\n`,
  ],
  [
    formats,
    await format(
      between(
        between(readFileSync(formats, 'utf8'), 'error codes', errorTable),
        'events',
        eventTable,
      ),
      { ...options, parser: 'markdown' },
    ),
  ],
])

for (const [file, wanted] of files) {
  const isCurrent = readIfThere(file) === wanted
  if (process.argv.includes('--check')) {
    if (isCurrent) continue
    console.error(`${file} is not up to date; run: npm run gen`)
    process.exitCode = 1
  } else if (!isCurrent) writeFileSync(file, wanted)
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
