import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Service } from '../model/service.ts'

type RegistryEntries = Record<string, { name: string; port: number; config: Service }>

const entriesOf = (services: readonly Service[]): RegistryEntries =>
  Object.fromEntries(
    services.map((config) => [config.name, { name: config.name, port: config.port, config }]),
  )

/** The text of `serviceRegistry.json`: `{ "<service>": { "name", "port", "config" } }`, by port. */
export const registryFileText = (services: readonly Service[]): string =>
  `${JSON.stringify(entriesOf(services), undefined, 2)}\n`

/** Writes the same for hosts: compact, and whole or not at all, since they may read it at any moment. */
export const writeRegistryFile = (file: string, services: readonly Service[]): void => {
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, JSON.stringify(entriesOf(services)))
  renameSync(draft, file)
}

/** Reads what {@link writeRegistryFile} has written. */
export const readRegistryFile = (file: string): Service[] =>
  Object.values(JSON.parse(readFileSync(file, 'utf8')) as RegistryEntries).map(
    ({ config, port }) => ({ ...config, port }),
  )
