import assert from 'node:assert/strict'
import type { LookupAddress } from 'node:dns'
import { isPrivateAddress } from '../../src/base/private-address.ts'
import { assertPublicHost, publicLookup } from '../../src/base/address-guard.ts'

const PRIVATE = [
  '127.0.0.1', '127.255.255.254', '0.0.0.0', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1',
  '169.254.169.254', '100.64.0.1', '198.18.0.1', '192.0.0.8', '224.0.0.1', '255.255.255.255',
  '::', '::1', 'fc00::1', 'fd12:3456::1', 'fe80::1', 'ff02::1', '64:ff9b::7f00:1',
  '::ffff:127.0.0.1', '::ffff:7f00:1', '::FFFF:10.0.0.1', '::ffff:a9fe:a9fe',
] // prettier-ignore

const PUBLIC = [
  '1.1.1.1', '172.15.255.255', '172.32.0.1', '192.167.1.1', '100.63.255.255', '100.128.0.1', '223.255.255.255',
  '2606:4700::1111', '::ffff:1.1.1.1', '::ffff:101:101', '2001:4860:4860::8888',
] // prettier-ignore

describe('a private address', () => {
  for (const address of PRIVATE)
    it(`is ${address}`, () => assert.equal(isPrivateAddress(address), true))
  for (const address of PUBLIC)
    it(`is not ${address}`, () => assert.equal(isPrivateAddress(address), false))
})

describe('a literal host', () => {
  const hostOf = (href: string) => new URL(href).hostname

  for (const href of [
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f.0.0.1/',
    'https://0177.0.0.1/',
    'https://127.0.0.1./',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://169.254.169.254/',
    'https://[fd00::1]/',
  ])
    // prettier-ignore
    it(`is refused in every spelling of a private address: ${href}`, () => {
      assert.throws(() => assertPublicHost(hostOf(href)), {
        code: 'forbidden',
        message: /is a private address.*BERTH_ALLOW_PRIVATE/,
      })
    })

  for (const href of ['https://1.1.1.1/', 'https://[2606:4700::1111]/', 'https://api.test/'])
    it(`passes when it is public or a name: ${href}`, () => assertPublicHost(hostOf(href)))
})

describe('the lookup of a guarded connection', () => {
  const look = (hostname: string, options: { all?: boolean; family?: number }) =>
    new Promise<{ error: Error | null; address: string | LookupAddress[]; family?: number }>(
      (resolve) =>
        publicLookup(hostname, options, (error, address, family) =>
          resolve({ error, address, ...(family === undefined ? {} : { family }) }),
        ),
    )

  it('refuses a name that points inside, however it is asked', async () => {
    for (const options of [{ all: true }, {}, { family: 4 }]) {
      const { error, address } = await look('localhost', options)
      assert.match(error?.message ?? '', /^localhost is a private address/)
      assert.equal(address, '')
    }
  })

  it('answers in the form that was asked for', async () => {
    assert.deepEqual(await look('1.1.1.1', {}), { error: null, address: '1.1.1.1', family: 4 })
    assert.deepEqual(await look('1.1.1.1', { all: true }), {
      error: null,
      address: [{ address: '1.1.1.1', family: 4 }],
    })
  })

  it('passes on that a name does not resolve', async () => {
    const { error } = await look('nowhere.invalid', { all: true })
    assert.match(String((error as NodeJS.ErrnoException).code), /ENOTFOUND|EAI_AGAIN/)
  })
})
