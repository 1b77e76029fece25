import { AppError } from './errors.ts'
import { parseNamedValues, writeNamedValues } from './named-values.ts'
import { readSecretFile } from './secret-file.ts'

/** Where a process sends its traces, and under which name. */
export type Otlp = {
  /** Of a collector, with its path. */
  readonly url: string
  readonly serviceName: string
  /** More of what is said of the whole fleet. */
  readonly resource: Readonly<Record<string, string>>
  /** What the collector wants to see of who sends: tokens, for the most part. A file, since PM2 shows the environment. */
  readonly headersFile: string | undefined
  /** Services whose APIs are told of the trace that calls them. */
  readonly outward: 'all' | readonly string[]
}

export const DEFAULT_SERVICE_NAME = 'berth'

/** RFC 9110 §5.5; a line break would begin another header. */
const FIELD_VALUE = /^[\x20-\x7e]+$/

/** @throws AppError `file_insecure`, `config_invalid` without quoting what is in the file */
export const readOtlpHeaders = ({
  headersFile,
}: Pick<Otlp, 'headersFile'>): Record<string, string> => {
  if (headersFile === undefined) return {}
  const headers = parseNamedValues(readSecretFile(headersFile))
  if (headers && Object.values(headers).every((value) => FIELD_VALUE.test(value))) return headers
  throw new AppError(
    'config_invalid',
    `${headersFile} must hold headers as name=value, one a line, values percent-encoded: Authorization=Bearer%20…`,
  )
}

/** `all`, or the names of services. */
export const outwardOf = (names: readonly string[]): Otlp['outward'] =>
  names.includes('all') ? 'all' : names

/** What goes on to another process, which reads the same from it; without secrets. */
export const otlpEnvironment = (otlp: Otlp): Record<string, string> => {
  const { url, serviceName, resource, headersFile, outward } = otlp
  const to = outward === 'all' ? outward : outward.join(',')
  return {
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url,
    OTEL_SERVICE_NAME: serviceName,
    ...(Object.keys(resource).length > 0 && {
      OTEL_RESOURCE_ATTRIBUTES: writeNamedValues(resource),
    }),
    ...(headersFile !== undefined && { BERTH_OTLP_HEADERS_FILE: headersFile }),
    ...(to !== '' && { BERTH_TRACEPARENT_TO: to }),
  }
}
