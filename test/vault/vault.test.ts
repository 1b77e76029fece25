import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import sodium from 'libsodium-wrappers'
import { AppError, type ErrorCode } from '../../src/base/errors.ts'
import type { KeyRing } from '../../src/vault/key-ring.ts'
import { fixedKeys } from '../../src/vault/keys.ts'
import { createVault, type Place } from '../../src/vault/vault.ts'

const PLACE: Place = {
  handle: 'fig_user_1a2b3c4d_9f2c1e',
  userId: '1a2b3c4d-0000-4000-8000-000000000000',
  service: 'figma',
  column: 'encrypted_api_key',
}
const TEXT = JSON.stringify({ api_key: 'figd_secret', note: 'äöü 🔑' })

const ringOf = (...kids: string[]): KeyRing => ({
  newest: kids.at(-1) ?? '',
  keys: new Map(kids.map((kid) => [kid, randomBytes(32)])),
})

const vaultOver = (ring: KeyRing) => createVault(fixedKeys(ring))

const isRefusal =
  (code: ErrorCode, ...words: string[]) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof AppError)
    assert.equal(error.code, code)
    for (const word of words) assert.ok(error.message.includes(word), error.message)
    assert.doesNotMatch(error.message, /figd_secret/)
    return true
  }
const isUnreadable = (place: Place) =>
  isRefusal('credentials_unreadable', place.handle, place.column)

describe('the vault', () => {
  const ring = ringOf('k00000001')

  it('seals in the form that is written down, under a key of the user and the service alone', async () => {
    const vault = await vaultOver(ring)
    const [version, kid, nonce = '', ciphertext = ''] = vault.seal(PLACE, TEXT).split('.')
    assert.deepEqual([version, kid], ['v1', 'k00000001'])
    const { handle, userId, service, column } = PLACE
    const additional = JSON.stringify(['v1', handle, userId, service, column])
    const openFor = (user: string, of: string) => {
      const name = JSON.stringify(['berth-data-key-1', user, of])
      const key = sodium.crypto_generichash(32, name, ring.keys.get('k00000001') ?? null)
      const [box, public_] = [ciphertext, nonce].map((text) => Buffer.from(text, 'base64url')) as [Buffer, Buffer] // prettier-ignore
      return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, box, additional, public_, key)
    }
    assert.equal(Buffer.from(openFor(userId, service)).toString(), TEXT)
    assert.throws(() => openFor('another user', service))
    assert.throws(() => openFor(userId, 'github'))
  })

  it('opens what it sealed, of any length', async () => {
    const vault = await vaultOver(ring)
    for (const text of [TEXT, '', '\u0000', 'x'.repeat(100_000)])
      assert.equal(vault.open(PLACE, vault.seal(PLACE, text)), text)
  })

  it('seals several columns of a record as each for itself: one does not open in the place of another', async () => {
    const vault = await vaultOver(ring)
    const { handle, userId, service } = PLACE
    const sealed = vault.sealColumns({ handle, userId, service }, { encrypted_api_key: TEXT, sealed_secret: 'secret' }) // prettier-ignore
    assert.equal(vault.open(PLACE, sealed.encrypted_api_key), TEXT)
    assert.equal(vault.open({ ...PLACE, column: 'sealed_secret' }, sealed.sealed_secret), 'secret')
    assert.throws(() => vault.open(PLACE, sealed.sealed_secret), isUnreadable(PLACE))
  })

  it('writes v1.<kid>.<nonce>.<ciphertext>, another one each time, without the plaintext', async () => {
    const vault = await vaultOver(ring)
    const sealed = vault.seal(PLACE, TEXT)
    assert.match(sealed, /^v1\.k00000001\.[\w-]{32}\.[\w-]+$/)
    assert.notEqual(sealed.split('.')[2], vault.seal(PLACE, TEXT).split('.')[2])
    assert.doesNotMatch(Buffer.from(sealed.split('.')[3]!, 'base64url').toString(), /figd|api_key/)
  })

  it('refuses a record at any other place, naming that row', async () => {
    const vault = await vaultOver(ring)
    const sealed = vault.seal(PLACE, TEXT)
    const moved: Place[] = [
      { ...PLACE, handle: 'fig_user_1a2b3c4d_000000' },
      { ...PLACE, userId: '1a2b3c4d-0000-4000-8000-000000000001' },
      { ...PLACE, service: 'figjam' },
      { ...PLACE, column: 'sealed_secret' },
      // the same characters, divided otherwise
      { ...PLACE, handle: `${PLACE.handle}","x`, userId: '' },
      { ...PLACE, service: 'figmaencrypted', column: '_api_key' },
    ]
    for (const place of moved)
      assert.throws(() => vault.open(place, sealed), isUnreadable(place), JSON.stringify(place))
    assert.equal(vault.open(PLACE, sealed), TEXT)
  })

  it('refuses a record with any bit flipped, naming the row', async () => {
    const vault = await vaultOver(ring)
    const sealed = vault.seal(PLACE, TEXT)
    for (let round = 0; round < 500; round++) {
      const bytes = Buffer.from(sealed)
      const at = randomInt(bytes.length)
      bytes[at]! ^= 1 << randomInt(7)
      const changed = bytes.toString('latin1')
      const isOfKid = at > 2 && at <= 12 // with the dot behind it
      const refusal = isOfKid ? isRefusal('key_missing') : isUnreadable(PLACE)
      assert.throws(() => vault.open(PLACE, changed), refusal, `at ${at}: ${changed}`)
    }
  })

  it('refuses a record that was cut or lengthened anywhere', async () => {
    const vault = await vaultOver(ring)
    const sealed = vault.seal(PLACE, TEXT)
    for (let length = 0; length < sealed.length; length++)
      assert.throws(() => vault.open(PLACE, sealed.slice(0, length)), AppError, `cut to ${length}`)
    for (const more of ['A', '=', '.', '.AAAA', '\n'])
      assert.throws(() => vault.open(PLACE, sealed + more), isUnreadable(PLACE), `and ${more}`)
  })

  it('names the key that its ring lacks', async () => {
    const sealed = (await vaultOver(ring)).seal(PLACE, TEXT)
    const other = await vaultOver(ringOf('k00000002'))
    assert.throws(() => other.open(PLACE, sealed), isRefusal('key_missing', 'k00000001'))
  })

  it('does not open under another key of the same name', async () => {
    const sealed = (await vaultOver(ring)).seal(PLACE, TEXT)
    const impostor = await vaultOver(ringOf('k00000001'))
    assert.throws(() => impostor.open(PLACE, sealed), isUnreadable(PLACE))
  })

  it('opens with every key of its ring and seals with the newest', async () => {
    const old = (await vaultOver(ring)).seal(PLACE, TEXT)
    const grown = await vaultOver({
      newest: 'k00000002',
      keys: new Map([...ring.keys, ...ringOf('k00000002').keys]),
    })
    assert.equal(grown.open(PLACE, old), TEXT)
    const sealed = grown.seal(PLACE, TEXT)
    assert.ok(sealed.startsWith('v1.k00000002.'))
    assert.equal(grown.open(PLACE, sealed), TEXT)
    const renamed = sealed.replace('k00000002', 'k00000001')
    assert.throws(() => grown.open(PLACE, renamed), isUnreadable(PLACE))
  })

  it('knows by the check value whether its ring is the right one', async () => {
    const vault = await vaultOver(ring)
    const check = vault.makeCheck('k00000001')
    assert.equal(check.kid, 'k00000001')
    vault.verifyCheck(check)
    const impostor = await vaultOver(ringOf('k00000001'))
    assert.throws(() => impostor.verifyCheck(check), isRefusal('key_missing', 'k00000001'))
    const stranger = await vaultOver(ringOf('k00000002'))
    assert.throws(() => stranger.verifyCheck(check), isRefusal('key_missing', 'k00000001'))
  })
})
