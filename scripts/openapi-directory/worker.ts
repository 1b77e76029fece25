// Imports the documents that it is sent, one after the other, in a process of its own: one that never ends can be killed.
import { readFileSync } from 'node:fs'
import { AppError, messageOf } from '../../src/base/errors.ts'
import { importDocument } from '../../src/registry/openapi/import.ts'
import { parseDocument } from '../../src/registry/openapi/parse-document.ts'
import { tryRequests } from './try-requests.ts'

export type Outcome = {
  ms: number
  tools: number
  /** Why it cannot be imported, as the user would read it. */
  refusal?: string
  /** What was thrown that is no refusal. */
  crash?: string
  malformed: string[]
}

const OPTIONS = { name: 'measured', port: 49_600, tags: [], maxTools: 200, location: undefined, baseUrl: undefined } // prettier-ignore

const measure = async (file: string): Promise<Outcome> => {
  const startedAt = performance.now()
  const since = () => Math.round(performance.now() - startedAt)
  try {
    const { config, tools } = importDocument(await parseDocument(readFileSync(file)), { ...OPTIONS, source: file }) // prettier-ignore
    return { ms: since(), tools, malformed: tryRequests(config) }
  } catch (error) {
    const isRefusal = error instanceof AppError && error.code === 'openapi_invalid'
    return { ms: since(), tools: 0, malformed: [], [isRefusal ? 'refusal' : 'crash']: messageOf(error) } // prettier-ignore
  }
}

process.on('message', (file: string) => {
  void measure(file).then((outcome) => process.send?.(outcome))
})
