import assert from 'node:assert/strict'
import { parseDocument } from '../../../src/registry/openapi/parse-document.ts'

const read = (text: string | Uint8Array) => parseDocument(Buffer.from(text as string))
const JSON_TEXT = '{"openapi": "3.0.0", "paths": {}}'

describe('the text of an OpenAPI document', () => {
  const good: readonly [string, string | Uint8Array][] = [
    ['JSON', JSON_TEXT],
    [
      'JSON with a byte order mark and Windows line ends',
      `\uFEFF${JSON_TEXT.replace(',', ',\r\n')}`,
    ],
    ['YAML', 'openapi: 3.0.0\npaths: {}\n'],
    ['YAML with Windows line ends', 'openapi: 3.0.0\r\npaths: {}\r\n'],
    ['JSON with a comma too many, as YAML takes it', '{"openapi": "3.0.0", "paths": {},}'],
    ['YAML with a key twice: the last one counts', 'openapi: 2\nopenapi: 3.1.0\n'],
    ['YAML with merge keys', 'x: &x {openapi: 3.0.0}\n<<: *x\n'],
    ['a version that YAML reads as a number', 'openapi: 3.1\n'],
    ['UTF-16', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(JSON_TEXT, 'utf16le')])],
  ]
  for (const [what, text] of good)
    it(`may be ${what}`, async () => assert.equal((await read(text)).dialect, 'openapi3'))

  it('may be Swagger 2.0, also where YAML makes a number of the version', async () => {
    assert.equal((await read('swagger: 2.0\n')).dialect, 'swagger2')
    assert.equal((await read('{"swagger": "2.0"}')).dialect, 'swagger2')
  })

  const bad: readonly [string, string | Uint8Array, RegExp][] = [
    ['an HTML page', '<!DOCTYPE html><html><body>Docs</body></html>', /HTML page/],
    ['XML', '<?xml version="1.0"?><definitions/>', /XML/],
    ['nothing', ' \n', /empty/],
    ['plain text', 'Not found', /plain text/],
    ['a list', '[1, 2]', /a list/],
    ['broken JSON', '{"openapi": "3.0.0", ', /no valid JSON/],
    ['broken YAML', 'openapi: 3.0.0\n  paths: [', /no valid YAML/],
    ['gzip', Buffer.from([0x1f, 0x8b, 8, 0]), /gzip/],
    ['bytes', Buffer.from([1, 0, 2, 0]), /binary/],
    ['Swagger 1.2', '{"swaggerVersion": "1.2"}', /version is 1\.2/],
    ['AsyncAPI', 'asyncapi: 2.0.0\n', /AsyncAPI/],
    ['a Postman collection', '{"info": {"_postman_id": "1"}, "item": []}', /Postman/],
    ['YAML deeper than anything real', '['.repeat(5_000), /no valid/],
  ]
  for (const [what, text, reason] of bad)
    it(`is refused as what it is: ${what}`, () =>
      assert.rejects(read(text), (error: { code: string; message: string }) => {
        assert.equal(error.code, 'openapi_invalid')
        assert.match(error.message, reason)
        return true
      }))

  it('is not blown up by aliases of aliases', async () => {
    const levels = Array.from(
      { length: 40 },
      (_, n) => `l${n + 1}: &l${n + 1} [${`*l${n},`.repeat(9)}]`,
    )
    const { root } = await read(`openapi: 3.0.0\nl0: &l0 [lol]\n${levels.join('\n')}\n`)
    assert.ok('l40' in root)
  })
})
