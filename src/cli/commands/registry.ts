import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { InvalidArgumentError, type Command } from 'commander'
import { readConfig } from '../../base/config.ts'
import type { Finding } from '../../registry/finding.ts'
import { lintRegistry } from '../../registry/lint.ts'
import { loadRegistry } from '../../registry/load.ts'
import { registryFileText } from '../../registry/registry-file.ts'
import type { ImportOpenApiOptions } from '../import-openapi.ts'
import { green, note, print, printJson, red, yellow } from '../output.ts'
import { EXIT } from '../run.ts'

const describe = ({ severity, file, path, message }: Finding): string =>
  `${severity === 'error' ? red('error') : yellow('warning')} ${file}${path && ` at ${path}`}: ${message}`

const NAME = /^(?!host-\d)[a-z][a-z0-9-]{0,62}$/

const parseName = (name: string): string => {
  if (NAME.test(name)) return name
  throw new InvalidArgumentError('A name is lower case letters, digits and "-"; not host-<n>.')
}

const parseNumber =
  (from: number, to: number) =>
  (text: string): number => {
    const number = Number(text)
    if (/^\d+$/.test(text) && number >= from && number <= to) return number
    throw new InvalidArgumentError(`It must be a whole number from ${from} to ${to}.`)
  }

/** `--tags a,b --tags c`. */
const parseTags = (text: string, before: string[]): string[] => [
  ...before,
  ...text.split(',').map((tag) => tag.trim()).filter(Boolean),
] // prettier-ignore

const parseBaseUrl = (text: string): string => {
  if (/^https:\/\/[^/?#@\s]+([/][^?#\s]*)?$/.test(text) && URL.canParse(text))
    return text.replace(/\/+$/, '')
  throw new InvalidArgumentError('It must be an https address.')
}

const addImport = (registry: Command): void => {
  registry
    .command('import-openapi <source>')
    .description(
      'make a service of an OpenAPI 3.0, 3.1 or Swagger 2.0 document: a file or an address',
    )
    .requiredOption('--name <name>', 'name of the service', parseName)
    .option('--port <port>', 'static port; the next free one by default', parseNumber(1024, 65_535))
    .option(
      '--tags <tags>',
      'only operations with one of these tags, comma-separated',
      parseTags,
      [],
    )
    .option('--max-tools <count>', 'how many tools at most', parseNumber(1, 5_000), 200)
    .option('--base-url <url>', 'instead of the servers that the document names', parseBaseUrl)
    .option('--remote-refs', 'follow $refs to other files and addresses')
    .option('--force', 'replace the service when it is in the registry already')
    .option('--json', 'print the config as JSON and write nothing')
    .action(async (source: string, options: ImportOpenApiOptions) => {
      const { importOpenApi } = await import('../import-openapi.ts')
      await importOpenApi(source, options)
    })
}

export const add = (program: Command): void => {
  const registry = program.command('registry').description('the configs of the services')
  addImport(registry)
  registry
    .command('lint')
    .description('check every config; exit 1 on any finding')
    .option('--from <dir>', 'folder with <service>/config.json; BERTH_REGISTRY_DIR by default')
    .option('--json', 'print JSON')
    .action(({ from, json }: { from?: string; json?: boolean }) => {
      const { services, findings } = lintRegistry(resolve(from ?? readConfig().registryDir))
      if (json) printJson({ services: services.length, findings })
      else {
        for (const finding of findings) print(describe(finding))
        const summary = `${services.length} services, ${findings.length} findings`
        print(findings.length === 0 ? green(summary) : summary)
      }
      if (findings.length > 0) process.exitCode = EXIT.failed
    })
  registry
    .command('build')
    .description('write serviceRegistry.json')
    .option('--from <dir>', 'folder with <service>/config.json; BERTH_REGISTRY_DIR by default')
    .option('--out <file>', 'where to', 'serviceRegistry.json')
    .option('--json', 'print JSON')
    .action(({ from, out, json }: { from?: string; out: string; json?: boolean }) => {
      const { services, findings } = loadRegistry(resolve(from ?? readConfig().registryDir))
      const file = resolve(out)
      writeFileSync(file, registryFileText(services))
      if (json) return printJson({ file, services: services.length, findings })
      for (const finding of findings) note(describe(finding))
      print(`${file}: ${services.length} services, ${findings.length} findings`)
    })
}
