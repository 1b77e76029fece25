import { AppError } from '../../base/errors.ts'
import type { Database } from '../database.ts'

const INSTANCES = ['id', 'user_id', 'mcp_type_id', 'is_active', 'status', 'access_token', 'expires_at', 'updated_at'] // prettier-ignore
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  users: ['id', 'email'],
  mcp_types: ['id', 'name'],
  mcp_instances: INSTANCES,
}
const KEYS = ['id', 'credentials', 'is_active', 'expires_at']

/**
 * Which variant of the older model a database has, by its columns.
 * @throws AppError `legacy_invalid` naming what is missing
 */
export const detectVariant = async (database: Database): Promise<'a' | 'b'> => {
  const rows = await database.query<{ name: string }>(
    `select table_name || '.' || column_name as name from information_schema.columns
     where table_schema = any (current_schemas(false)) and table_name = any ($1)`,
    [[...Object.keys(NEEDED), 'api_keys']],
  )
  const there = new Set(rows.map(({ name }) => name))
  const missing = Object.entries(NEEDED).flatMap(([table, columns]) => lacking(there, table, columns)) // prettier-ignore
  if (missing.length > 0)
    throw new AppError(
      'legacy_invalid',
      `This is no database of the older model: it lacks ${missing.join(', ')}. Give the right one with --source or --source-file.`,
    )
  if (there.has('mcp_instances.encrypted_credentials')) return 'a'
  const lacks = [...lacking(there, 'mcp_instances', ['api_key_id']), ...lacking(there, 'api_keys', KEYS)] // prettier-ignore
  if (lacks.length === 0) return 'b'
  throw new AppError(
    'legacy_invalid',
    `The credentials are in none of the two known places: mcp_instances.encrypted_credentials is not there, nor ${lacks.join(', ')}.`,
  )
}

const lacking = (
  there: ReadonlySet<string>,
  table: string,
  columns: readonly string[],
): string[] =>
  columns.map((column) => `${table}.${column}`).filter((name) => !there.has(name)) // prettier-ignore
