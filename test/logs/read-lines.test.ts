import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { followLog } from '../../src/logs/follow.ts'
import { listLogFiles } from '../../src/logs/log-files.ts'
import { readLog, type LogEntry, type LogFilter } from '../../src/logs/read-lines.ts'
import { useTempFolder } from '../support/temp-folder.ts'
import { waitUntil } from '../support/wait-until.ts'

const line = (second: number, fields: Record<string, unknown>): string =>
  `${JSON.stringify({ time: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString(), level: 'info', ...fields })}\n`

describe('the log of a service', () => {
  const temp = useTempFolder()
  const setUp = (files: Readonly<Record<string, string>>) => {
    const folder = mkdtempSync(join(temp(), 'logs-'))
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    const list = () => listLogFiles(folder)
    const read = async (filter: Partial<LogFilter> = {}, last = 100) => {
      const entries = await readLog(await list(), { service: 'figma', ...filter }, last)
      return entries.map(({ process, fields, text }) => [process, fields?.['event'] ?? text])
    }
    return { folder, list, read }
  }
  const FILES = {
    'mcp-host-0.log.1': line(1, { service: 'figma', event: 'first' }),
    'mcp-host-0.log':
      line(3, { service: 'figma', event: 'third' }) +
      line(4, { service: 'github', event: 'about "service":"figma"' }) +
      line(5, { event: 'host started' }),
    'main-api.log': line(2, { service: 'figma', event: 'second' }),
    'mcp-figma.log': `${line(6, { event: 'own' })}FATAL ERROR: heap\n`,
    'mcp-figma-jam.log': line(7, { service: 'figma-jam', event: 'another' }),
  }

  it('comes from every process in the order of time, and holds nothing of another service', async () => {
    const { read } = setUp(FILES)
    assert.deepEqual(await read(), [
      ['mcp-host-0', 'first'],
      ['main-api', 'second'],
      ['mcp-host-0', 'third'],
      ['mcp-figma', 'own'],
      ['mcp-figma', 'FATAL ERROR: heap'],
    ])
  })

  it('is narrowed by time, by pattern and in number', async () => {
    const { read } = setUp(FILES)
    const since = Date.UTC(2026, 0, 1, 0, 0, 3)
    assert.deepEqual((await read({ since })).map(([, event]) => event), ['third', 'own', 'FATAL ERROR: heap']) // prettier-ignore
    assert.deepEqual(await read({ grep: /SEC/i }), [['main-api', 'second']])
    assert.deepEqual((await read({}, 2)).map(([, event]) => event), ['own', 'FATAL ERROR: heap']) // prettier-ignore
  })

  it('is followed over new files, files made empty, and halves of lines', async () => {
    const { folder, list } = setUp(FILES)
    const seen: LogEntry[] = []
    const stopping = new AbortController()
    const { signal } = stopping
    const following = followLog(list, { service: 'figma' }, { take: (entry) => seen.push(entry), signal }) // prettier-ignore
    const until = (event: string) =>
      waitUntil(event, () => seen.at(-1)?.fields?.['event'] === event)
    const file = join(folder, 'mcp-host-0.log')
    // It may not have looked yet: what is there at the first look is not new.
    await waitUntil('the first look', () => {
      appendFileSync(file, line(8, { service: 'figma', event: 'new' }))
      return seen.length > 0
    })
    const next = line(9, { service: 'figma', event: 'in two pieces' })
    appendFileSync(file, next.slice(0, 20))
    appendFileSync(file, next.slice(20))
    await until('in two pieces')
    truncateSync(file)
    appendFileSync(file, line(10, { service: 'figma', event: 'rotated' }))
    await until('rotated')
    writeFileSync(join(folder, 'mcp-host-1.log'), line(11, { service: 'figma', event: 'moved' }))
    await until('moved')
    stopping.abort()
    await following
  })
})
