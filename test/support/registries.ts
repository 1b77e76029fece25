import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { writeRegistry } from './services.ts'
import { useTempFolder } from './temp-folder.ts'

/** Makes registries of their own, each in a new folder: `<name>/config.json` per entry. */
export const useRegistries = (): ((configs: Readonly<Record<string, unknown>>) => string) => {
  const temp = useTempFolder()
  return (configs) => {
    const folder = mkdtempSync(join(temp(), 'registry-'))
    writeRegistry(folder, configs)
    return folder
  }
}

/** A bare config in its older form; tests say the rest. */
export const olderConfig = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
  port: 41_000,
  description: 'Sells widgets.',
  api: { baseURL: 'https://api.widgets.test/v1' },
  auth: {
    type: 'apikey',
    fields: [{ name: 'api_key', type: 'password', required: true, description: 'The key' }],
  },
  ...over,
})
