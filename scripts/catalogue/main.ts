// Prints, for every service that offers tools, how many of them send exactly the request that the config and the
// credentials say, and what that is verified against beside it. Exit code 1 when anything differs.
//   npm run catalogue [service…]
import { ACCEPTED } from '../../test/support/catalogue/accepted.ts'
import { readCatalogue, type ConfigFile } from '../../test/support/catalogue/config-file.ts'
import { readDocumentFacts } from '../../test/support/catalogue/documents.ts'
import { judgeByConfig } from '../../test/support/catalogue/judge-by-config.ts'
import { judgeByDocument } from '../../test/support/catalogue/judge-by-document.ts'
import { playCatalogue, type Played } from '../../test/support/catalogue/play.ts'

const wanted = process.argv.slice(2)
const configs = readCatalogue().filter(({ name }) => wanted.length === 0 || wanted.includes(name))
const facts = readDocumentFacts()
const played = await playCatalogue(configs)
let differing = 0

console.log('| service | tools | verified against | differences |\n| --- | --- | --- | --- |')
for (const config of configs) {
  const differences = played.filter((one) => one.config === config).flatMap(judge)
  if (differences.some(({ accepted }) => !accepted)) differing++
  const said = differences.map(({ text, accepted }) => (accepted ? `${text} (accepted: ${accepted})` : text)) // prettier-ignore
  console.log(`| ${config.name} | ${config.tools.length} | ${against(config)} | ${[...new Set(said)].join('; ')} |`) // prettier-ignore
}
const tools = configs.reduce((sum, config) => sum + config.tools.length, 0)
console.log(`\n${configs.length} services, ${tools} tools, ${differing} services with differences`)
if (differing > 0) process.exitCode = 1

function judge(one: Played): { text: string; accepted: string | undefined }[] {
  const document = facts[one.config.name]
  const byDocument = document ? judgeByDocument(one, document) : []
  return [
    ...judgeByConfig(one).map((what) => ({ text: `${one.tool.name}: ${what}`, accepted: undefined })), // prettier-ignore
    ...byDocument.map((what) => ({
      text: `${one.tool.name}: ${what}`,
      accepted: ACCEPTED[`${one.config.name} ${what}`],
    })),
  ]
}

function against({ name, source }: ConfigFile): string {
  const document = facts[name]
  return document ? `config, ${document.documents.join(', ')}` : `config (${source ?? 'no source'})`
}
