import assert from 'node:assert/strict'
import { createHash, randomBytes, scryptSync } from 'node:crypto'
import { chooseDecoder } from '../../src/migration/choose-decoder.ts'
import { ivHex, opensslMd5 } from '../support/legacy-database.ts'

const TEXTS = Array.from({ length: 20 }, (_, index) =>
  JSON.stringify({ api_key: `key-${index}-ü` }),
)
const sha256 = (text: string) => createHash('sha256').update(text).digest()

describe('the decoders of the older model', () => {
  it('read what OpenSSL wrote: aes-256-cbc, -md md5 -nosalt', () => {
    // printf '{"api_key":"k"}' | openssl enc -aes-256-cbc -md md5 -nosalt -pass pass:secret | xxd -p
    const { decodeAll } = chooseDecoder('openssl-md5', 'secret', [opensslMd5('secret')('x')])
    assert.deepEqual(decodeAll(['f123a4531c3682a09f510c77274696b8']), ['{"api_key":"k"}'])
  })

  const KEYS: Record<string, { passphrase: string; key: Buffer }> = {
    'the passphrase itself': { passphrase: 'k'.repeat(32), key: Buffer.from('k'.repeat(32)) },
    hex: { passphrase: 'ab'.repeat(32), key: Buffer.from('ab'.repeat(32), 'hex') },
    'sha256(passphrase)': { passphrase: 'pass', key: sha256('pass') },
    "scrypt(passphrase, 'salt')": { passphrase: 'pass', key: scryptSync('pass', 'salt', 32) },
  }
  for (const [name, { passphrase, key }] of Object.entries(KEYS))
    it(`find out how the key was made: ${name}`, () => {
      const chosen = chooseDecoder('iv-hex', passphrase, TEXTS.map(ivHex(key)))
      assert.deepEqual([chosen.key, chosen.decoded], [name, TEXTS.length])
      assert.deepEqual(chosen.decodeAll(TEXTS.map(ivHex(key))), TEXTS)
    })

  it('bear that some samples are broken', () => {
    const samples = TEXTS.map(opensslMd5('pass')).map((text, index) => (index < 8 ? `${text}00` : text)) // prettier-ignore
    assert.equal(chooseDecoder('openssl-md5', 'pass', samples).decoded, 12)
  })

  it('read each of many by itself, whatever stands beside it', () => {
    const encrypt = opensslMd5('pass')
    const { decodeAll } = chooseDecoder('openssl-md5', 'pass', [])
    const stored = ['', 'not hex', encrypt('one'), `${encrypt('x')}00`, encrypt(''), encrypt('ü'.repeat(40))] // prettier-ignore
    assert.deepEqual(decodeAll(stored), [undefined, undefined, 'one', undefined, '', 'ü'.repeat(40)]) // prettier-ignore
  })

  it('take capitals, and blanks around', () => {
    const byPassphrase = chooseDecoder('openssl-md5', 'pass', [])
    const byIv = chooseDecoder('iv-hex', 'pass', [ivHex(sha256('pass'))('one')])
    const around = (text: string) => `${text.toUpperCase()}\r\n`
    assert.deepEqual(byPassphrase.decodeAll([around(opensslMd5('pass')('one'))]), ['one'])
    assert.deepEqual(byIv.decodeAll([around(ivHex(sha256('pass'))('one'))]), ['one'])
  })

  it('refuse a wrong passphrase or format, and name the one that it looks like', () => {
    const samples = TEXTS.map(opensslMd5('pass'))
    assert.throws(() => chooseDecoder('openssl-md5', 'other', samples), /decodes 0 of 20/)
    assert.throws(() => chooseDecoder('iv-hex', 'pass', samples), /try --decoder openssl-md5/)
    assert.throws(() => chooseDecoder('none', '', samples), /look like openssl-md5/)
  })

  it('never take the noise of a wrong key for text', () => {
    const { decodeAll } = chooseDecoder('openssl-md5', 'pass', [])
    const noise = Array.from({ length: 3_000 }, () => randomBytes(32).toString('hex'))
    assert.deepEqual(decodeAll(noise), noise.map(() => undefined)) // prettier-ignore
  })
})
