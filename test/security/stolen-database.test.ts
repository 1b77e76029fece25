import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import { join } from 'node:path'
import { readConfig } from '../../src/base/config.ts'
import { AppError } from '../../src/base/errors.ts'
import { prepareHome } from '../../src/base/home.ts'
import { composeAccounts, prepareDatabase } from '../../src/compose/accounts/open.ts'
import { openAudit } from '../../src/compose/accounts/audit.ts'
import { fixedKeys } from '../../src/vault/keys.ts'
import { createVault, type Place } from '../../src/vault/vault.ts'
import { useCleanup } from '../support/cleanup.ts'
import { onEveryDatabase } from '../support/databases.ts'
import { makeService } from '../support/services.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const MUTATIONS = 10_000
const COLUMNS = { encrypted_api_key: 'key', sealed_secret: 'secret' } as const

type Row = { handle: string; userId: string; service: string; key: string; secret: string }

onEveryDatabase('a stolen database', (database) => {
  const temp = useTempFolder()
  const cleanUp = useCleanup()

  const fill = async () => {
    await database().script('drop schema public cascade; create schema public')
    const config = readConfig({ BERTH_HOME: join(temp(), randomBytes(4).toString('hex')) })
    prepareHome(config.home, config.pm2Home)
    const vault = await prepareDatabase(config, database())
    cleanUp(() => vault.watch.stop())
    const parts = { config, database: database(), vault }
    const services = [makeService(), makeService({ name: 'gadgets' })]
    const accounts = composeAccounts({ ...parts, services: () => services, onInstanceChange: () => undefined }) // prettier-ignore
    const record = await openAudit(parts)
    const secrets: string[] = []
    for (const name of ['anna', 'ben']) {
      const user = await accounts.addUser(`${name}@example.com`)
      const userId = user.id
      const { token } = await accounts.createToken({ user, expiresAt: undefined })
      secrets.push(token)
      for (const { name: service } of services) {
        const apiKey = `${name}-${randomBytes(12).toString('hex')}`
        const made = await accounts.authenticate({ userId, service }, { apiKey })
        const target = made.instanceUrl
        await record({ actor: 'admin', action: 'instance.authenticate', target, from: 'local', details: { apiKey: `Bearer ${apiKey}` } }) // prettier-ignore
        secrets.push(apiKey, new URL(made.instanceUrl).pathname.split('/')[1]?.split('_').at(-1) ?? '') // prettier-ignore
      }
    }
    return { vault, secrets }
  }
  const readRows = () =>
    database().query<Row>(
      `select instance_id as handle, user_id::text as "userId", service_type as service,
         encrypted_api_key as key, sealed_secret as secret from user_service_instances`,
    )
  /** Every row of every table as text, bytes as hex. */
  const dump = async (): Promise<string> => {
    const tables = await database().query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public'`,
    )
    const texts = []
    for (const { name } of tables)
      texts.push(...(await database().query<{ line: string }>(`select t::text as line from ${name} t`))) // prettier-ignore
    return texts.map(({ line }) => line).join('\n')
  }

  it('holds no credential, no secret of a URL and no token, in no spelling', async () => {
    const { secrets } = await fill()
    const text = await dump()
    assert.equal(secrets.length, 10)
    assert.match(text, /anna@example\.com/)
    for (const secret of secrets) {
      assert.ok(secret.length >= 20)
      const bytes = Buffer.from(secret)
      for (const form of [
        secret,
        bytes.toString('hex'),
        bytes.toString('base64url'),
        bytes.toString('base64'),
      ])
        // prettier-ignore
        assert.equal(text.includes(form.replace(/=+$/, '')), false)
    }
  })

  it('opens with no other key ring, also not one with the same names', async () => {
    const { vault } = await fill()
    const kid = vault.seal({ handle: '', userId: '', service: '', column: '' }, '').split('.')[1] ?? '' // prettier-ignore
    const other = await createVault(
      fixedKeys({ newest: kid, keys: new Map([[kid, randomBytes(32)]]) }),
    )
    for (const row of await readRows())
      for (const [column, field] of Object.entries(COLUMNS))
        assert.throws(() => other.open({ ...row, column }, row[field]), {
          code: 'credentials_unreadable',
        })
  })

  it(`gives nothing in ${MUTATIONS} attempts to swap, cut, flip, splice and rename what is sealed`, async () => {
    const { vault } = await fill()
    const rows = await readRows()
    const pick = <T>(from: readonly T[]): T => from[randomInt(from.length)] as T
    const columns = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[]
    for (let round = 0; round < MUTATIONS; round++) {
      const [row, other] = [pick(rows), pick(rows)]
      const column = pick(columns)
      const sealed = row[COLUMNS[column]]
      const foreign = other[COLUMNS[pick(columns)]]
      const place: Place = { handle: row.handle, userId: row.userId, service: row.service, column }
      const [text, at] = mutate(round % 6, { sealed, foreign, place, other })
      if (text === sealed && JSON.stringify(at) === JSON.stringify(place)) continue // the same row
      assert.throws(
        () => vault.open(at, text),
        (error: unknown) => error instanceof AppError && !error.message.includes(sealed.slice(14)),
        `${round}: ${text}`,
      )
    }
  })
})

type Parts = { sealed: string; foreign: string; place: Place; other: Row }

const mutate = (kind: number, { sealed, foreign, place, other }: Parts): [string, Place] => {
  const [version = '', kid = '', nonce = '', body = ''] = sealed.split('.')
  const [, , otherNonce = '', otherBody = ''] = foreign.split('.')
  const moved = { ...place, handle: other.handle, userId: other.userId, service: other.service }
  const at = randomInt(sealed.length)
  const ways: (() => [string, Place])[] = [
    () => [foreign, place],
    () => [sealed, moved],
    () => [sealed.slice(0, at), place],
    () => [flip(sealed, at), place],
    () => [[version, kid, otherNonce, body].join('.'), otherNonce === nonce ? moved : place],
    () => [[version, kid, nonce, otherBody].join('.'), otherBody === body ? moved : place],
  ]
  return ways[kind]?.() ?? [sealed, moved]
}

const flip = (text: string, at: number): string => {
  const bytes = Buffer.from(text)
  bytes[at] = (bytes[at] ?? 0) ^ (1 << randomInt(7))
  return bytes.toString('latin1')
}
