import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Service } from '../../src/model/service.ts'
import type { CheckState } from '../../src/model/verification.ts'

/** A complete service; what a test does not care about is plain. */
export const makeService = (over: Partial<Service> = {}): Service => ({
  name: 'widgets',
  displayName: 'Widgets',
  description: 'Sells widgets.',
  category: 'general',
  port: 41_000,
  api: { baseURL: 'https://api.widgets.test/v1', version: 'v1', documentation: '' },
  auth: {
    type: 'api_key',
    fields: [{ name: 'api_key', type: 'password', required: true, description: 'The key' }],
    inject: { headers: { 'X-Api-Key': '{{api_key}}' } },
  },
  tools: [],
  ...over,
})

/** Of an instance whose service has no recipe. */
export const UNCHECKED: CheckState = {
  verification: 'unverifiable',
  account: null,
  verifiedAt: null,
  checkTries: 0,
  checkAt: null,
}

/** Writes configs as `<folder>/<name>/config.json`; a string is written as it is. */
export const writeRegistry = (folder: string, configs: Readonly<Record<string, unknown>>): void => {
  for (const [name, config] of Object.entries(configs)) {
    mkdirSync(join(folder, name), { recursive: true })
    const text = typeof config === 'string' ? config : JSON.stringify(config)
    writeFileSync(join(folder, name, 'config.json'), text)
  }
}
