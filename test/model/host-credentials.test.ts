import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  MAX_HEADER_BYTES,
  openFromGateway,
  SEAL_LIFETIME_MS,
  sealForHost,
} from '../../src/model/host-credentials.ts'

const KEY = randomBytes(32)
const FIGMA = { service: 'figma', port: 49_280 }
const CREDENTIALS = { api_key: 'fig-ä-秘密', region: 'eu' }

const parts = (sealed: string): [expiry: number, body: Buffer] => {
  const [expiry = '', body = ''] = sealed.split('.')
  return [Number(expiry), Buffer.from(body, 'base64url')]
}
const joined = (expiry: number, body: Buffer) => `${expiry}.${body.toString('base64url')}`

describe('credentials on their way to a host', () => {
  it('arrive as they were', () => {
    assert.deepEqual(openFromGateway(KEY, FIGMA, sealForHost(KEY, FIGMA, CREDENTIALS)), CREDENTIALS)
    assert.deepEqual(openFromGateway(KEY, FIGMA, sealForHost(KEY, FIGMA, {})), {})
  })

  it('fit a header and show nothing', () => {
    const sealed = sealForHost(KEY, FIGMA, { api_key: 'GEHEIM'.repeat(900) })
    assert.match(sealed, /^[\w.-]+$/)
    assert.ok(sealed.length < MAX_HEADER_BYTES)
    const [, body] = parts(sealed)
    assert.ok(!body.includes('GEHEIM'))
    assert.ok(!body.includes('api_key'))
  })

  it('look different each time', () => {
    const all = Array.from({ length: 50 }, () => sealForHost(KEY, FIGMA, CREDENTIALS))
    assert.equal(new Set(all.map((sealed) => sealed.split('.')[1]?.slice(0, 16))).size, 50)
  })

  it('do not open for another service, another port or another key', () => {
    const sealed = sealForHost(KEY, FIGMA, CREDENTIALS)
    assert.equal(openFromGateway(KEY, { ...FIGMA, service: 'stripe' }, sealed), undefined)
    assert.equal(openFromGateway(KEY, { ...FIGMA, port: 49_281 }, sealed), undefined)
    assert.equal(openFromGateway(randomBytes(32), FIGMA, sealed), undefined)
  })

  it('do not open with a later expiry', () => {
    const [expiry, body] = parts(sealForHost(KEY, FIGMA, CREDENTIALS))
    assert.deepEqual(openFromGateway(KEY, FIGMA, joined(expiry, body)), CREDENTIALS)
    assert.equal(openFromGateway(KEY, FIGMA, joined(expiry + 60_000, body)), undefined)
  })

  it('do not open once their 30 seconds are over', () => {
    const { now } = Date
    try {
      const sealed = sealForHost(KEY, FIGMA, CREDENTIALS)
      const [expiry] = parts(sealed)
      Date.now = () => expiry
      assert.deepEqual(openFromGateway(KEY, FIGMA, sealed), CREDENTIALS)
      Date.now = () => expiry + 1
      assert.equal(openFromGateway(KEY, FIGMA, sealed), undefined)
      assert.equal(SEAL_LIFETIME_MS, 30_000)
      const later = sealForHost(KEY, FIGMA, CREDENTIALS)
      assert.equal(parts(later)[0], expiry + 1 + 30_000)
    } finally {
      Date.now = now
    }
  })

  it('do not open when any byte was changed or cut off', () => {
    const [expiry, body] = parts(sealForHost(KEY, FIGMA, CREDENTIALS))
    for (let index = 0; index < body.length; index++) {
      const changed = Buffer.from(body)
      changed[index] = (changed[index] ?? 0) ^ 1
      assert.equal(openFromGateway(KEY, FIGMA, joined(expiry, changed)), undefined, `byte ${index}`)
    }
    for (const length of [0, 11, 12, 27, 28, body.length - 1])
      assert.equal(openFromGateway(KEY, FIGMA, joined(expiry, body.subarray(0, length))), undefined)
  })

  it('do not open in another spelling of the same bytes', () => {
    const sealed = sealForHost(KEY, FIGMA, CREDENTIALS)
    const [expiry = '', body = ''] = sealed.split('.')
    for (const other of [
      `${sealed}=`,
      `${sealed}.x`,
      `0${sealed}`,
      ` ${sealed}`,
      `${expiry}. ${body}`,
    ])
      assert.equal(openFromGateway(KEY, FIGMA, other), undefined, other)
  })

  it('are nothing when they are no sealed value at all', () => {
    for (const value of ['', '.', 'x', '1e999.AAAA', `${Date.now() + 1000}`, 'NaN.AAAA', '{}'])
      assert.equal(openFromGateway(KEY, FIGMA, value), undefined, value)
  })
})
