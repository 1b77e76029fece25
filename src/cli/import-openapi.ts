import { readConfig } from '../base/config.ts'
import { choosePort } from '../registry/choose-port.ts'
import { importDocument, type Imported } from '../registry/openapi/import.ts'
import { loadOthers } from '../registry/openapi/load-others.ts'
import type { Note } from '../registry/openapi/note.ts'
import { parseDocument } from '../registry/openapi/parse-document.ts'
import { readSource } from '../registry/openapi/read-source.ts'
import { writeConfig } from '../registry/write-config.ts'
import { note, print, printJson, table } from './output.ts'

export type ImportOpenApiOptions = {
  name: string
  port?: number
  tags: string[]
  maxTools: number
  baseUrl?: string
  remoteRefs?: boolean
  force?: boolean
  json?: boolean
}

/** `berth registry import-openapi`: prints the config, or writes it; what was left out goes to stderr either way. */
export const importOpenApi = async (from: string, options: ImportOpenApiOptions): Promise<void> => {
  const directory = readConfig().registryDir
  const { name, tags, maxTools } = options
  const source = await readSource(from)
  const document = await parseDocument(source.bytes)
  const loaded = options.remoteRefs ? await loadOthers(document.root, source) : undefined
  const port =
    options.json && options.port !== undefined
      ? options.port
      : choosePort({ directory, name, port: options.port })
  const imported = importDocument(document, {
    name,
    port,
    tags,
    maxTools,
    source: source.name,
    location: source.location,
    baseUrl: options.baseUrl,
    ...(loaded && { others: loaded.others }),
  })
  imported.notes.push(...(loaded?.notes ?? []))
  reportLeftOut(imported)
  if (options.json) {
    printJson(imported.config)
    return
  }
  const { file, outcome } = writeConfig(imported.config, {
    directory,
    name,
    force: options.force ?? false,
  })
  print(`${file}: ${imported.tools} tools on port ${port}, ${outcome}`)
}

/** How many operations a line of the summary names. */
const NAMED = 3

/** One line per reason: as many documents leave out hundreds of operations for the same one. */
const reportLeftOut = ({ leftOut, notes }: Imported): void => {
  const rows = [
    ...byReason(leftOut).map((row) => ['left out', ...row]),
    ...byReason(notes).map((row) => ['note', ...row]),
  ]
  if (rows.length > 0) note(table(['', 'WHERE', 'WHY'], rows))
}

const byReason = (notes: readonly Note[]): string[][] => {
  const groups = new Map<string, string[]>()
  for (const { where, reason } of notes) groups.set(reason, [...(groups.get(reason) ?? []), where])
  return [...groups].map(([reason, places]) => {
    const more = places.length > NAMED ? ` and ${places.length - NAMED} more` : ''
    return [`${places.slice(0, NAMED).join(', ')}${more}`, reason]
  })
}
