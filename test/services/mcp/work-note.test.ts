import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Service } from '../../../src/model/service.ts'
import { createWorkNote, noteAnswers } from '../../../src/services/mcp/work-note.ts'
import { makeService } from '../../support/services.ts'
import { useTempFolder } from '../../support/temp-folder.ts'

describe('the note of whom a host works for', () => {
  const folder = useTempFolder()
  const setUp = () => {
    const file = join(folder(), 'host.working')
    return { note: createWorkNote(file), read: () => readFileSync(file, 'utf8').trim() }
  }

  it('names who works now, the later of two, and nobody when all is done', () => {
    const { note, read } = setUp()
    assert.equal(read(), '')
    note.begin('a-service-with-a-long-name')
    note.begin('b')
    assert.equal(read(), 'b')
    note.end()
    assert.equal(read(), 'b')
    note.end()
    assert.equal(read(), '')
  })

  it('names whose answer came last', async () => {
    const { note, read } = setUp()
    const answer = { status: 200, headers: {}, body: Buffer.alloc(0), truncated: false }
    const upstream = { send: () => Promise.resolve(answer), close: () => Promise.resolve() }
    const { send } = noteAnswers(upstream, note)
    const request = { method: 'GET', url: new URL('https://a.test/'), headers: {}, body: undefined }
    note.begin('a')
    note.begin('b')
    const service: Service = makeService({ name: 'a' })
    assert.equal(await send(service, request), answer)
    assert.equal(read(), 'a')
  })

  it('goes on without a file, and where none can be', () => {
    for (const file of [undefined, join(folder(), 'not', 'there')]) {
      const note = createWorkNote(file)
      note.begin('a')
      note.end()
    }
  })
})
