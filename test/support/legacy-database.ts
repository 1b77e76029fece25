import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { arrayText } from '../../src/store/array-text.ts'
import type { Database } from '../../src/store/database.ts'

/** A database of the older model, with all the dirt that years leave; the same numbers give the same rows. */
export type LegacyRow = {
  id: string
  userId: string | null
  type: string
  instanceNumber: number
  isActive: boolean
  status: string
  expiresAt: string | null
  token: string
  updatedAt: string
  /** As it was before it was encrypted; null: none. */
  plaintext: string | null
  /** Of variant A: not what any passphrase gives. */
  isBroken: boolean
  expected: { moved: Readonly<Record<string, string>>; isIncomplete?: true } | { left: string }
}

export type LegacyOptions = {
  variant: 'a' | 'b'
  rows: number
  /** Services with the one required secret field `api_key`, by this name. */
  services: readonly string[]
  /** A service that requires more fields than a key. */
  manyFields?: string
  /** Encrypts; variant A only. By default nothing is encrypted. */
  encrypt?: (plaintext: string) => string
  isClean?: boolean
}

const SCHEMA = (variant: 'a' | 'b') => `
  create table if not exists users (id uuid primary key, email text not null unique, name text);
  create table mcp_types (id uuid primary key, name varchar(50) not null unique, display_name text, is_active boolean default true);
  ${variant === 'b' ? 'create table api_keys (id uuid primary key, user_id uuid, mcp_type_id uuid, credentials jsonb, is_active boolean default true, expires_at timestamptz);' : ''}
  create table mcp_instances (
    id uuid primary key, user_id uuid, mcp_type_id uuid references mcp_types (id),
    ${variant === 'a' ? 'encrypted_credentials text,' : 'api_key_id uuid references api_keys (id),'}
    is_active boolean not null default true,
    status varchar(20) not null default 'active' check (status in ('active', 'inactive', 'expired')),
    process_id integer, access_token text unique, custom_name text,
    instance_number integer not null default 1 check (instance_number between 1 and 10),
    expires_at timestamptz, config jsonb default '{}', created_at timestamptz default now(), updated_at timestamptz,
    unique (user_id, mcp_type_id, instance_number));`

const USER_ROWS = 10
const BATCH = 5_000
const PAST = '2020-01-01T00:00:00Z'

const uuidOf = (text: string): string =>
  createHash('md5').update(text).digest('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') // prettier-ignore

type Kind = (row: LegacyRow, key: string, options: LegacyOptions, before: LegacyRow | undefined) => Partial<LegacyRow> // prettier-ignore

const left = (reason: string): Pick<LegacyRow, 'expected'> => ({ expected: { left: reason } })
const given = (plaintext: string | null, moved: Record<string, string>): Partial<LegacyRow> => ({ plaintext, expected: { moved } }) // prettier-ignore

/** What is wrong or odd with every fortieth row. */
const KINDS: Readonly<Record<number, Kind>> = {
  1: () => ({ isActive: false, status: 'inactive', ...left('inactive') }),
  3: () => ({ status: 'expired', ...left('expired') }),
  5: () => ({ expiresAt: PAST, ...left('expired') }),
  7: () => ({ userId: null, ...left('no_user') }),
  9: () => ({ type: 'no-such-type', ...left('unknown_type') }),
  11: () => ({ plaintext: null, ...left('no_credentials') }),
  13: () => ({ plaintext: '{}', ...left('no_credentials') }),
  15: ({ plaintext }, _key, { variant }) => variant === 'a' ? { isBroken: true, ...left('undecodable') } : { plaintext: `[${plaintext ?? ''}]`, ...left('undecodable') }, // prettier-ignore
  // The one before it is of the same user and service, and older.
  17: (_row, key, _options, before) => {
    if (!before) return {}
    before.expected = { left: 'conflict' }
    return { ...given(key, { api_key: key }), type: before.type, instanceNumber: 2, updatedAt: '2026-02-01T00:00:00Z' } // prettier-ignore
  },
  19: (_row, key) => given(key, { api_key: key }),
  21: (_row, key) => given(JSON.stringify({ apiKey: key }), { api_key: key }),
  23: (_row, key, { manyFields }) => manyFields === undefined ? {} : { type: manyFields, plaintext: JSON.stringify({ note: key }), expected: { moved: { note: key }, isIncomplete: true } }, // prettier-ignore
  25: (_row, key) => given(JSON.stringify({ api_key: key, team: 'blue', size: 3 }), { api_key: key, team: 'blue', size: '3' }), // prettier-ignore
  27: ({ id }) => ({ userId: uuidOf(`nobody ${id}`), ...left('user_missing') }),
}

/** The rows, in the order in which they were made. */
export const legacyRows = function* (options: LegacyOptions): Generator<LegacyRow> {
  let before: LegacyRow | undefined
  for (let index = 0; index < options.rows; index++) {
    const row = rowAt(index, options, before)
    if (before) yield before
    before = row
  }
  if (before) yield before
}

const rowAt = (index: number, options: LegacyOptions, before: LegacyRow | undefined): LegacyRow => {
  const user = Math.floor(index / USER_ROWS)
  const key = `key-${createHash('sha1').update(String(index)).digest('hex')}`
  const row: LegacyRow = {
    id: uuidOf(`instance ${index}`),
    userId: uuidOf(`user ${user}`),
    type: options.services[(user * 3 + (index % USER_ROWS)) % options.services.length] ?? '',
    instanceNumber: 1,
    isActive: true,
    status: 'active',
    expiresAt: null,
    token: `token-${index}`,
    updatedAt: '2026-01-01T00:00:00Z',
    plaintext: JSON.stringify({ api_key: key }),
    isBroken: false,
    expected: { moved: { api_key: key } },
  }
  const kind = options.isClean ? undefined : KINDS[index % 40]
  return { ...row, ...kind?.(row, key, options, before) }
}

/** Makes the old tables and fills them. `users` has every user but those who are nobody. */
export const fillLegacy = async (database: Database, options: LegacyOptions): Promise<void> => {
  await database.script(SCHEMA(options.variant))
  const types = [...options.services, ...(options.manyFields === undefined ? [] : [options.manyFields]), 'no-such-type'] // prettier-ignore
  await database.query(
    `insert into mcp_types (id, name, display_name) select md5(name)::uuid, name, name from unnest($1::text::text[]) as t (name)`,
    [arrayText(types)],
  )
  const users = Array.from({ length: Math.ceil(options.rows / USER_ROWS) }, (_, user) => user)
  await database.query(
    `insert into users (id, email) select id, email from unnest($1::text::uuid[], $2::text::text[]) as t (id, email)`,
    [arrayText(users.map((user) => uuidOf(`user ${user}`))), arrayText(users.map((user) => `user-${user}@example.com`))], // prettier-ignore
  )
  let batch: LegacyRow[] = []
  for (const row of legacyRows(options)) {
    batch.push(row)
    if (batch.length < BATCH) continue
    await insertLegacy(database, options, batch)
    batch = []
  }
  await insertLegacy(database, options, batch)
}

/** More rows of the older model: what happened there since. */
export const insertLegacy = async (
  database: Database,
  options: Pick<LegacyOptions, 'variant' | 'encrypt'>,
  rows: readonly LegacyRow[],
): Promise<void> => {
  const column = (of: (row: LegacyRow) => string | null) => arrayText(rows.map(of))
  if (options.variant === 'b')
    await database.query(
      `insert into api_keys (id, credentials) select id, credentials::jsonb
       from unnest($1::text::uuid[], $2::text::text[]) as t (id, credentials) where credentials is not null`,
      [column(({ id }) => id), column(({ plaintext }) => asJson(plaintext))],
    )
  await database.query(
    `insert into mcp_instances (id, user_id, mcp_type_id, ${options.variant === 'a' ? 'encrypted_credentials' : 'api_key_id'},
       is_active, status, access_token, instance_number, expires_at, updated_at)
     select id, user_id, md5(type)::uuid, ${options.variant === 'a' ? 'credentials' : 'case when credentials is null then null else id end'},
       active, status, token, number, expires, updated
     from unnest($1::text::uuid[], $2::text::uuid[], $3::text::text[], $4::text::text[], $5::text::boolean[], $6::text::text[],
       $7::text::text[], $8::text::integer[], $9::text::timestamptz[], $10::text::timestamptz[])
       as t (id, user_id, type, credentials, active, status, token, number, expires, updated)`,
    [
      column(({ id }) => id),
      column(({ userId }) => userId),
      column(({ type }) => type),
      column((row) => storedOf(row, options)),
      column(({ isActive }) => String(isActive)),
      column(({ status }) => status),
      column(({ token }) => token),
      column(({ instanceNumber }) => String(instanceNumber)),
      column(({ expiresAt }) => expiresAt),
      column(({ updatedAt }) => updatedAt),
    ],
  )
}

const asJson = (plaintext: string | null): string | null =>
  plaintext === null || /^[{[]/.test(plaintext) ? plaintext : JSON.stringify(plaintext)

export const storedOf = (
  row: Pick<LegacyRow, 'plaintext' | 'isBroken'>,
  { encrypt = (text) => text }: Pick<LegacyOptions, 'encrypt'>,
): string | null => {
  if (row.plaintext === null) return null
  return row.isBroken ? encrypt(row.plaintext).slice(0, -2) : encrypt(row.plaintext)
}

/** As an older Node's `createCipher('aes-256-cbc', passphrase)` wrote it. */
export const opensslMd5 = (passphrase: string): ((plaintext: string) => string) => {
  const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest()
  const pass = Buffer.from(passphrase)
  const first = md5(pass)
  const second = md5(Buffer.concat([first, pass]))
  const third = md5(Buffer.concat([second, pass]))
  const key = Buffer.concat([first, second])
  return (plaintext) => {
    const cipher = createCipheriv('aes-256-cbc', key, third)
    return cipher.update(plaintext, 'utf8', 'hex') + cipher.final('hex')
  }
}

/** `iv:ciphertext` under a key. */
export const ivHex =
  (key: Buffer): ((plaintext: string) => string) =>
  (plaintext) => {
    const iv = randomBytes(16)
    const cipher = createCipheriv('aes-256-cbc', key, iv)
    return `${iv.toString('hex')}:${cipher.update(plaintext, 'utf8', 'hex')}${cipher.final('hex')}`
  }
