import { randomBytes, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { runMigration, type MigrationParts } from '../../src/compose/migration/run.ts'
import { decodersOf, type Decoder } from '../../src/migration/decoders.ts'
import type { Figures } from '../../src/migration/tally.ts'
import { loadRegistry } from '../../src/registry/load.ts'
import type { Database } from '../../src/store/database.ts'
import { fixedKeys } from '../../src/vault/keys.ts'
import { createVault } from '../../src/vault/vault.ts'

const { services: SERVICES } = loadRegistry(join(import.meta.dirname, '../../registry'))

const ofOneKey = SERVICES.filter(({ auth: { fields } }) => fields.length === 1 && fields[0]?.name === 'api_key' && fields[0].required) // prettier-ignore

/** For rows of the older model: services with one key, and one that requires more. */
export const LEGACY_SERVICES = {
  services: ofOneKey.slice(0, 40).map(({ name }) => name),
  manyFields: SERVICES.find(({ auth }) => auth.fields.filter(({ required }) => required).length > 1)?.name ?? '', // prettier-ignore
}

const NOTHING = { decodeAll: () => [] }

/** As `berth migrate run` puts them together, over databases whose schema is up to date. */
export const migrationParts = async (
  of: { source: Database; target: Database; variant: 'a' | 'b' },
  decoder: Pick<Decoder, 'decodeAll'> = decodersOf('none', '')[0] ?? NOTHING,
): Promise<MigrationParts> => {
  const vault = await createVault(fixedKeys({ newest: 'k00000001', keys: new Map([['k00000001', randomBytes(32)]]) })) // prettier-ignore
  return {
    ...of,
    vault,
    decoder,
    isSandbox: false,
    rules: {
      services: new Map(SERVICES.map((service) => [service.name, service])),
      types: {},
      onConflict: 'newest',
      decisions: new Set(),
    },
  }
}

export const runOnce = (parts: MigrationParts): Promise<Figures> =>
  runMigration(
    parts,
    { id: randomUUID(), source: 'test', variant: parts.variant, decoder: 'none', onConflict: parts.rules.onConflict }, // prettier-ignore
    () => undefined,
  )
