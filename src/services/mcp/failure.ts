import { AppError, messageOf, systemCodeOf } from '../../base/errors.ts'
import type { Service } from '../../model/service.ts'

/** What network errors mean, by the code or name of the error or its cause. */
const FAILURES: readonly [RegExp, string][] = [
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'its host name does not resolve'],
  [/TIMEOUT|TIMEDOUT|TimeoutError/, 'it did not answer in time'],
  [/CERT|TLS|SSL|SELF_SIGNED|EPROTO/, 'its certificate is not accepted'],
  [/ECONNREFUSED/, 'nothing listens there'],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/, 'the connection broke; whether the call was carried out is not known'],
  [/^(EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/, 'there is no way to it from here'],
  [/^(HPE_\w+)$/, 'its answer is not HTTP'],
  [/AbortError/, 'the client left'],
] // prettier-ignore

/** Why there is no answer of the API, for an agent. */
export const describeFailure = (service: Service, error: unknown): string => {
  if (error instanceof AppError) return error.message
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const code =
    systemCodeOf(error) ?? systemCodeOf(cause) ?? (error instanceof Error ? error.name : '')
  const meaning = FAILURES.find(([pattern]) => pattern.test(code))?.[1] ?? messageOf(cause)
  return `${service.displayName} cannot be reached: ${meaning} (${code}).`
}
