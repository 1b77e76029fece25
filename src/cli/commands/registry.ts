import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { readConfig } from '../../base/config.ts'
import type { Finding } from '../../registry/finding.ts'
import { lintRegistry } from '../../registry/lint.ts'
import { loadRegistry } from '../../registry/load.ts'
import { registryFileText } from '../../registry/registry-file.ts'
import { green, note, print, printJson, red, yellow } from '../output.ts'
import { EXIT } from '../run.ts'

const describe = ({ severity, file, path, message }: Finding): string =>
  `${severity === 'error' ? red('error') : yellow('warning')} ${file}${path && ` at ${path}`}: ${message}`

export const add = (program: Command): void => {
  const registry = program.command('registry').description('the configs of the services')
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
