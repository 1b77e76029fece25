import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { loadOthers } from '../../../src/registry/openapi/load-others.ts'
import { readSource } from '../../../src/registry/openapi/read-source.ts'
import { useTempFolder } from '../../support/temp-folder.ts'

describe('where an OpenAPI document is read from', () => {
  const folder = useTempFolder()
  let server: Server
  let origin = ''

  before(async () => {
    server = createServer((request, response) => {
      if (request.url === '/hang') return
      if (request.url === '/moved') response.writeHead(302, { location: '/pets.json?token=secret' })
      if (request.url === '/round') response.writeHead(302, { location: '/round' })
      if (request.url === '/ftp') response.writeHead(302, { location: 'ftp://127.0.0.1/' })
      if (request.url === '/missing') response.writeHead(404)
      response.end('{"openapi": "3.0.0"}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(() => {
    server.closeAllConnections()
    server.close()
  })

  const refused = (from: string, reason: RegExp, options = {}) =>
    assert.rejects(readSource(from, options), (error: { code: string; message: string }) => {
      assert.equal(error.code, 'openapi_unreachable')
      assert.match(error.message, reason)
      return true
    })

  it('follows redirects, and keeps no secret of an address', async () => {
    const { bytes, name, location } = await readSource(`${origin}/moved?key=secret`.replace('?key=secret', '')) // prettier-ignore
    assert.equal(Buffer.from(bytes).toString(), '{"openapi": "3.0.0"}')
    assert.deepEqual([name, location?.pathname], [`${origin}/moved`, '/pets.json'])
  })

  it('says why an address gives nothing', async () => {
    await refused(`${origin}/missing`, /answers 404/)
    await refused(`${origin}/round`, /without end/)
    await refused(`${origin}/ftp`, /redirects to ftp:/)
    await refused('http://127.0.0.1:1/x', /ECONNREFUSED|bad port/)
    await refused(join(folder(), 'none.json'), /ENOENT/)
  })

  it('gives up on an address that never answers', () =>
    refused(`${origin}/hang`, /in time/, { deadlineMs: 50 }))

  it('goes to no private address that only a document names', () =>
    refused(`${origin}/pets.json`, /private address/, { onlyPublic: true }))

  it('loads the files of its own folder when asked, and no others', async () => {
    mkdirSync(join(folder(), 'specs'))
    const file = join(folder(), 'specs', 'pets.yaml')
    writeFileSync(join(folder(), 'secret.yaml'), 'a: 1')
    writeFileSync(
      join(folder(), 'specs', 'more.yaml'),
      'A: {$ref: "#/B"}\nB: {$ref: "pets.yaml#/x"}',
    )
    writeFileSync(file, '{}')
    const root = { x: 1, a: { $ref: 'more.yaml#/A' }, b: { $ref: '../secret.yaml#/a' } }
    const { others, notes } = await loadOthers(root, await readSource(file))
    const address = `file://${join(folder(), 'specs', 'more.yaml')}`
    assert.deepEqual(others.get(address), { A: { $ref: `${address}#/B` }, B: { $ref: '#/x' } })
    assert.equal(root.a.$ref, `${address}#/A`)
    assert.match(notes[0]?.reason ?? '', /outside of the folder/)
  })
})
