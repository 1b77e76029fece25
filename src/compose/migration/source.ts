import { readFileSync, statSync } from 'node:fs'
import type { Config } from '../../base/config.ts'
import { AppError, messageOf } from '../../base/errors.ts'
import { silentLog } from '../../base/log.ts'
import { chooseDecoder, type DecoderChoice } from '../../migration/choose-decoder.ts'
import type { Format } from '../../migration/decoders.ts'
import type { Variant } from '../../model/legacy-row.ts'
import { databaseLabel } from '../../model/database-label.ts'
import type { Database } from '../../store/database.ts'
import { sampleCredentials } from '../../store/legacy/rows.ts'
import { detectVariant } from '../../store/legacy/schema.ts'
import { openPostgres } from '../../store/postgres.ts'

/** How the operator names the older database. */
export type SourceOptions = {
  /** A Postgres; by default the database that Berth uses. */
  source?: string | undefined
  /** A file with that address, so that its password is in no process list. */
  sourceFile?: string | undefined
  decoder: Format
  passphraseFile?: string | undefined
}

/** The older database, open for reading. */
export type LegacySource = {
  database: Database
  /** Where it is; never with its password. */
  label: string
  variant: Variant
  decoder: DecoderChoice
  /** Others of this machine can read the passphrase. */
  isPassphraseOpen: boolean
}

const SAMPLES = 500
/** Sorting all rows of a large database comes before the first of them. */
const QUERY_MS = 30 * 60_000
const CONNECTIONS = 2

/**
 * Opens the older database, finds out its variant and tries the decoder on samples.
 * @param own Berth's own database when that is the embedded one: it may hold the old tables too
 * @throws AppError `legacy_invalid`, `database_unavailable`
 */
export const withLegacySource = async <T>(
  { config, options, own }: { config: Config; options: SourceOptions; own: Database | undefined },
  work: (source: LegacySource) => Promise<T>,
): Promise<T> => {
  const url = addressOf(options) ?? config.databaseUrl
  const database = await openSource(url, own)
  try {
    return await work({ ...(await readSource(database, options)), label: databaseLabel(url) })
  } finally {
    if (database !== own) await database.close()
  }
}

const openSource = async (
  url: string | undefined,
  own: Database | undefined,
): Promise<Database> => {
  if (url !== undefined)
    return openPostgres(url, silentLog, { queryMs: QUERY_MS, connections: CONNECTIONS }).catch(
      (cause: unknown) => {
        throw new AppError('database_unavailable', `The older database, ${databaseLabel(url)}, does not answer: ${reasonOf(cause)}. Check --source (by default DATABASE_URL), and that it is up.`, { cause }) // prettier-ignore
      },
    )
  if (own) return own
  throw new AppError(
    'legacy_invalid',
    'There is no database yet. Name the older one with --source or --source-file.',
  )
}

/** What the driver says. */
const reasonOf = (cause: unknown): string =>
  messageOf(cause instanceof AppError ? cause.cause : cause)

const readSource = async (
  database: Database,
  options: SourceOptions,
): Promise<Omit<LegacySource, 'label'>> => {
  const variant = await detectVariant(database)
  // Of variant b only the format "none" makes sense: its credentials are JSON in the clear.
  const format = variant === 'b' ? 'none' : options.decoder
  const passphrase = format === 'none' ? { text: '', isOpen: false } : readPassphrase(options)
  const samples = await sampleCredentials(database, variant, SAMPLES)
  const decoder = chooseDecoder(format, passphrase.text, samples)
  return { database, variant, decoder, isPassphraseOpen: passphrase.isOpen }
}

const addressOf = ({ source, sourceFile }: SourceOptions): string | undefined => {
  if (source !== undefined && sourceFile !== undefined)
    throw new AppError('legacy_invalid', 'Give --source or --source-file, not both.')
  const address = sourceFile === undefined ? source : readText(sourceFile).trim()
  if (address === undefined || /^postgres(ql)?:\/\//.test(address)) return address
  throw new AppError(
    'legacy_invalid',
    'The source is the address of a Postgres: postgres://user@host:5432/database.',
  )
}

/** Its end of line belongs to the file; blanks may belong to the passphrase. */
const readPassphrase = ({ decoder, passphraseFile }: SourceOptions) => {
  if (passphraseFile === undefined)
    throw new AppError('legacy_invalid', `--decoder ${decoder} needs the passphrase: --passphrase-file F.`) // prettier-ignore
  return {
    text: readText(passphraseFile).replace(/\r?\n$/, ''),
    isOpen: (statSync(passphraseFile).mode & 0o077) !== 0,
  }
}

const readText = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new AppError('legacy_invalid', `Cannot read ${file}: ${messageOf(cause)}.`, { cause })
  }
}
