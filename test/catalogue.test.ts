import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { lintRegistry } from '../src/registry/lint.ts'
import { readConfigFiles } from '../src/registry/load.ts'
import { serviceJsonSchema } from '../src/registry/schema.ts'

const DIRECTORY = join(import.meta.dirname, '../registry')
const FIRST_PORT = 49_160
const LAST_PORT = 49_533

/** Services whose documentation is known to name a call that proves a key. */
const VERIFIABLE = `
  activecampaign adyntel affinity algolia amplitude ashby bamboohr brevo canva coda confluence datadog
  elevenlabs factorial fireflies freshdesk front github gitlab guru hackerrankwork jira klaviyo klipfolio
  leadfeeder lemlist make neon openai pandadoc recallai recruitee refiner resend rocketlane rootly semrush
  shopify shortcut smartrecruiters tally telegram typefully vercel zendesk
`
  .trim()
  .split(/\s+/)

describe('the shipped registry', () => {
  const { services, findings } = lintRegistry(DIRECTORY)
  const files = readConfigFiles(DIRECTORY)
  const withTools = services.filter((service) => service.tools.length > 0)

  it('has 374 services, one per file, and lint finds nothing', () => {
    assert.equal(files.length, 374)
    assert.equal(services.length, 374)
    assert.deepEqual(findings, [])
  })

  it('has every port from 49160 to 49533 once, and echo on the last', () => {
    const ports = Array.from({ length: LAST_PORT - FIRST_PORT + 1 }, (_, n) => FIRST_PORT + n)
    assert.deepEqual(services.map(({ port }) => port), ports) // prettier-ignore
    assert.equal(services.find(({ name }) => name === 'echo')?.port, LAST_PORT)
  })

  it('has 200 services that offer tools and 174 that are planned', () => {
    const planned = services.filter(({ status }) => status === 'planned')
    assert.equal(withTools.length, 200)
    assert.equal(planned.length, 174)
    assert.deepEqual(planned.filter(({ tools }) => tools.length > 0), []) // prettier-ignore
  })

  it('has 1,858 tools besides those of echo', () => {
    const counts = withTools.map(({ name, tools }) => (name === 'echo' ? 0 : tools.length))
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      1858,
    )
  })

  it('marks at most 40 services as unverified, and only such that offer tools', () => {
    const unverified = services.filter(({ status }) => status === 'unverified')
    assert.ok(unverified.length <= 40, `${unverified.length} are unverified`)
    assert.ok(unverified.every(({ tools }) => tools.length > 0))
  })

  it('names a source for every service that offers tools', () => {
    const without = withTools.filter(({ source }) => !/\w\.\w/.test(source ?? ''))
    assert.deepEqual(without.map(({ name }) => name), []) // prettier-ignore
  })

  it('has a recipe for checking a key for 295 services, each with its source', () => {
    const recipes = services.flatMap(({ name, auth }) => (auth.verify ? [{ name, ...auth.verify }] : [])) // prettier-ignore
    assert.equal(recipes.length, 295)
    assert.deepEqual(recipes.filter(({ source }) => !/^https:\/\//.test(source ?? '')), []) // prettier-ignore
    assert.equal(VERIFIABLE.length, 45)
    const names = recipes.map(({ name }) => name)
    assert.deepEqual(VERIFIABLE.filter((name) => !names.includes(name)), []) // prettier-ignore
  })

  it('names the schema in every config, and every service after its folder', () => {
    for (const { file, folder, text } of files) {
      const config = JSON.parse(text) as Record<string, unknown>
      assert.equal(config['$schema'], '../service.schema.json', file)
      assert.equal(config['name'], folder, file)
    }
  })

  it('ships the schema that the code makes', () => {
    const shipped: unknown = JSON.parse(readFileSync(join(DIRECTORY, 'service.schema.json'), 'utf8')) // prettier-ignore
    assert.deepEqual(shipped, JSON.parse(JSON.stringify(serviceJsonSchema())))
  })

  it('mentions composio in the two services of that name alone', () => {
    const mentions = files.filter(({ text }) => /composio/i.test(text))
    assert.deepEqual(mentions.map(({ folder }) => folder), ['composio', 'composiosearch']) // prettier-ignore
  })
})
