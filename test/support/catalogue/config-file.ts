import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A config as its file says it: nothing is filled in by the loader, which is part of what is judged. */
export type ConfigFile = {
  name: string
  source?: string
  api: { baseURL: string }
  auth: {
    type: string
    fields: { name: string; required?: boolean; type?: string }[]
    inject?: {
      headers?: Record<string, string>
      query?: Record<string, string>
      basic?: { username: string; password: string }
      oauth1?: Record<'consumerKey' | 'consumerSecret' | 'token' | 'tokenSecret', string>
    }
  }
  tools: ToolEntry[]
}

export type ToolEntry = {
  name: string
  method: string
  endpoint: string
  parameters: Record<string, ParameterEntry>
  baseURL?: string
  headers?: Record<string, string>
  encoding?: string
  body?: unknown
}

export type ParameterEntry = {
  type: string
  required?: boolean
  default?: unknown
  in?: string
  enum?: unknown[]
  items?: { type: string }
}

export const REGISTRY = join(import.meta.dirname, '../../../registry')

/** The shipped services that call somebody: `echo` calls nobody. */
export const readCatalogue = (directory = REGISTRY): ConfigFile[] =>
  readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'echo')
    .map(({ name }) => readFileSync(join(directory, name, 'config.json'), 'utf8'))
    .map((text) => JSON.parse(text) as Partial<ConfigFile>)
    .filter((config): config is ConfigFile => (config.tools?.length ?? 0) > 0)
