import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { registryFileText, writeRegistryFile } from '../../src/registry/registry-file.ts'
import { makeService } from '../support/services.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const anvils = makeService({ name: 'anvils', port: 41_002 })
const bolts = makeService({ name: 'bolts', port: 41_001 })

describe('serviceRegistry.json', () => {
  const temp = useTempFolder()

  it('has name, port and the whole config under every service, in the order given', () => {
    const entries = JSON.parse(registryFileText([bolts, anvils])) as Record<string, unknown>
    assert.deepEqual(Object.keys(entries), ['bolts', 'anvils'])
    assert.deepEqual(entries['anvils'], {
      name: 'anvils',
      port: 41_002,
      config: JSON.parse(JSON.stringify(anvils)) as unknown,
    })
  })

  it('replaces the file by a new one, so that who reads the old one keeps a whole text', () => {
    const file = join(temp(), 'serviceRegistry.json')
    writeFileSync(file, 'of yesterday')
    const before = statSync(file).ino
    writeRegistryFile(file, [anvils])
    const written: unknown = JSON.parse(readFileSync(file, 'utf8'))
    assert.deepEqual(written, JSON.parse(registryFileText([anvils])))
    assert.notEqual(statSync(file).ino, before)
    assert.deepEqual(readdirSync(temp()), ['serviceRegistry.json'], 'no draft is left')
  })
})
