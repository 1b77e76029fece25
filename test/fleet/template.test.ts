import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadTemplate } from '../../src/fleet/template.ts'
import { useTempFolder } from '../support/temp-folder.ts'

describe('loadTemplate', () => {
  const temp = useTempFolder()
  let files = 0
  const write = (text: string): string => {
    const file = join(temp(), `template-${files++}.mjs`)
    writeFileSync(file, text)
    return file
  }
  const load = (template: unknown) =>
    loadTemplate(write(`export default ${JSON.stringify(template)}`))

  it('loads the one that ships', async () => {
    const file = join(import.meta.dirname, '../../ecosystem.template.js')
    const template = await loadTemplate(file)
    assert.equal(template.isolation, 'packed')
    assert.match(template.hosts.max_memory_restart ?? '', /^\d+[MG]$/)
  })

  it('fills in what is absent', async () => {
    assert.deepEqual(await load({}), {
      isolation: 'packed',
      daemon: { node_args: [], env: {} },
      gateway: { node_args: [], env: {} },
      hosts: { node_args: [], env: {} },
      services: {},
    })
  })

  it('leaves what one service does not say to the hosts', async () => {
    const template = await load({ services: { figma: { max_memory_restart: '150M' } } })
    assert.deepEqual(template.services, { figma: { max_memory_restart: '150M' } })
  })

  for (const part of ['daemon', 'hosts', 'services'] as const)
    it(`refuses variables of ${part} that are called like PM2's own state`, async () => {
      const names = ['name', 'status', 'pm_id', 'env', 'instances', 'created_at', 'cron_restart', 'pm_exec_path', 'axm_options'] // prettier-ignore
      const settings = { env: { GOOD: '1', ...Object.fromEntries(names.map((name) => [name, 'x'])) } } // prettier-ignore
      const template = { [part]: part === 'services' ? { figma: settings } : settings }
      const path = part === 'services' ? 'services.figma.env' : `${part}.env`
      await assert.rejects(load(template), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'config_invalid')
        const lines = error.message.split('\n  ').slice(1)
        assert.deepEqual(lines.map((line) => line.split(':')[0]), names.map((name) => `${path}.${name}`)) // prettier-ignore
        assert.ok(lines.every((line) => line.includes("PM2's own state")))
        return true
      })
    })

  it('takes variables of every other name, in small letters too', async () => {
    const env = { NAME: 'x', STATUS: 'x', http_proxy: 'x', npm_config_cache: 'x' }
    assert.deepEqual((await load({ hosts: { env } })).hosts.env, env)
  })

  it('says everything that is wrong at once', async () => {
    const template = {
      isolation: 'boxed',
      hosts: { max_memory_restart: '1 GB', memory: 1 },
      daemon: { env: { PORT: 3000 } },
      services: { figma: { node_args: '--inspect' } },
      apps: [],
    }
    await assert.rejects(load(template), (error: Error) => {
      for (const said of [
        'isolation',
        'hosts.max_memory_restart',
        '"memory"',
        'daemon.env.PORT',
        'services.figma.node_args',
        '"apps"',
      ])
        assert.ok(error.message.includes(said), `${said} in: ${error.message}`)
      return true
    })
  })

  for (const [title, text] of [
    ['does not parse', 'export default {'],
    ['throws', 'throw new Error("no such city")'],
    ['exports nothing', 'export const hosts = {}'],
  ] as const)
    it(`names a file that ${title}`, async () => {
      const file = write(text)
      await assert.rejects(loadTemplate(file), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'config_invalid')
        assert.ok(error.message.startsWith(file), error.message)
        return true
      })
    })

  it('names a file that is not there', async () => {
    const file = join(temp(), 'nowhere.js')
    await assert.rejects(loadTemplate(file), { code: 'config_invalid', message: /nowhere\.js/ })
  })
})
