import assert from 'node:assert/strict'
import { readCatalogue } from '../support/catalogue/config-file.ts'
import { judgeByConfig } from '../support/catalogue/judge-by-config.ts'
import { playCatalogue, type Played } from '../support/catalogue/play.ts'

describe('every tool of the shipped registry', () => {
  const configs = readCatalogue()
  let played: Played[] = []
  before(async function () {
    this.timeout(120_000) // some 2,500 calls; seconds, but not on a busy machine
    played = await playCatalogue(configs)
  })

  it('was called with all and with the least of its arguments', () => {
    const tools = configs.flatMap(({ tools }) => tools)
    assert.equal(played.length, 2 * tools.length)
  })

  it('sends the request that its config and the credentials say', () => {
    const wrong = played.flatMap(
      (one) =>
      judgeByConfig(one).map((what) => `${one.config.name} ${one.tool.name} (${one.extent}): ${what}`), // prettier-ignore
    )
    assert.deepEqual(wrong, [])
  })
})
