import assert from 'node:assert/strict'
import type { AccountNeeds, StoredInstance } from '../../src/api/account-needs.ts'
import { createInstanceAccounts } from '../../src/api/instance-accounts.ts'
import { makeService, UNCHECKED } from '../support/services.ts'

const OWNER = { userId: '1a2b3c4d-0000-4000-8000-000000000000', service: 'widgets' }
type Inserted = Parameters<AccountNeeds['insertInstance']>[0]

const toStored = (row: Pick<Inserted, 'handle' | 'sealedSecret'>): StoredInstance => ({
  ...OWNER,
  ...row,
  isActive: true,
  createdAt: new Date(0),
  updatedAt: new Date(0),
  lastUsedAt: null,
  sealedCredentials: '',
  ...UNCHECKED,
})
const OTHERS = toStored({ handle: 'wid_user_1a2b3c4d_000001', sealedSecret: 'secret' })

/** A store with at most one row, to which something happens right before each write. */
const accountsOver = (row: StoredInstance | undefined, beforeWrite: ((rows: Store) => void)[]) => {
  const store: Store = { row, inserted: [], replaced: [], changed: [] }
  const race = () => beforeWrite.shift()?.(store)
  const accounts = createInstanceAccounts({
    services: () => [makeService()],
    baseUrl: 'http://berth.example',
    isSandbox: false,
    seal: (_place, text) => text,
    open: (_place, text) => text,
    verify: () => Promise.resolve({ outcome: 'unverifiable' }),
    findInstanceOf: () => Promise.resolve(store.row),
    insertInstance: (instance) => {
      race()
      store.inserted.push(instance)
      if (store.row ?? store.isTaken) return Promise.resolve(undefined)
      return Promise.resolve((store.row = toStored(instance)))
    },
    replaceCredentials: (change) => {
      race()
      if (store.row) store.replaced.push(change.sealedCredentials)
      return Promise.resolve(store.row)
    },
    onInstanceChange: (handle) => store.changed.push(handle),
  } as Partial<AccountNeeds> as AccountNeeds)
  return { accounts, store }
}
type Store = {
  row: StoredInstance | undefined
  isTaken?: boolean
  inserted: Inserted[]
  replaced: string[]
  changed: string[]
}

describe('accounts of instances', () => {
  it('replace the key of an instance that somebody else made meanwhile', async () => {
    const { accounts, store } = accountsOver(undefined, [(rows) => (rows.row = OTHERS)])
    const answer = await accounts.authenticate(OWNER, { apiKey: 'sk-1' })
    assert.equal(answer.created, false)
    assert.equal(answer.instanceId, OTHERS.handle)
    assert.deepEqual(store.replaced, ['{"api_key":"sk-1"}'])
    assert.deepEqual(store.changed, [OTHERS.handle])
  })

  it('make a new instance when somebody else deleted it meanwhile', async () => {
    const { accounts, store } = accountsOver(OTHERS, [(rows) => (rows.row = undefined)])
    const answer = await accounts.authenticate(OWNER, { apiKey: 'sk-1' })
    assert.equal(answer.created, true)
    assert.notEqual(answer.instanceId, OTHERS.handle)
    assert.deepEqual(store.replaced, [])
    assert.equal(store.inserted[0]?.sealedCredentials, '{"api_key":"sk-1"}')
  })

  it('try another handle, with another secret, when one is taken', async () => {
    const taken = [(rows: Store) => (rows.isTaken = true), (rows: Store) => (rows.isTaken = false)]
    const { accounts, store } = accountsOver(undefined, taken)
    const answer = await accounts.authenticate(OWNER, { apiKey: 'sk-1' })
    const [first, second] = store.inserted
    assert.notEqual(first?.handle, second?.handle)
    assert.notEqual(first?.sealedSecret, second?.sealedSecret)
    assert.equal(answer.instanceId, second?.handle)
  })

  it('give up some time when every handle is taken', async () => {
    const { accounts, store } = accountsOver(undefined, [(rows) => (rows.isTaken = true)])
    await assert.rejects(accounts.authenticate(OWNER, { apiKey: 'sk-1' }), { code: 'internal' })
    assert.ok(store.inserted.length > 1)
  })
})
