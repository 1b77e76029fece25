import type { Credentials } from '../model/host-credentials.ts'
import { isSecretField, type Service } from '../model/service.ts'

/** The older model's credentials in the fields of a service. */
export type ReadCredentials = {
  credentials: Credentials
  /** A field is missing that the service requires. */
  isIncomplete: boolean
}

/** How the older model called the only key of a service. */
const ONLY_KEY = ['apiKey', 'api_key']

/**
 * Reads a plaintext: a JSON object of fields, or a bare key. A bare key, `{apiKey}` and a lone `{api_key}` fill the service's
 * only required secret field; all else stays as it is.
 *
 * @returns why there are none: `no_credentials` for an empty text or object, `undecodable` for what is neither
 */
export const readLegacyCredentials = (
  plaintext: string,
  service: Service,
): ReadCredentials | 'no_credentials' | 'undecodable' => {
  const text = plaintext.replace(BYTE_ORDER_MARK, '')
  const parsed = parse(text)
  if (typeof parsed === 'string') return parsed.trim() === '' ? 'no_credentials' : complete({ apiKey: parsed }, service) // prettier-ignore
  if (parsed === null) return 'no_credentials'
  if (parsed === undefined || Array.isArray(parsed)) return 'undecodable'
  const fields = Object.fromEntries(
    fieldsOf(parsed, text).flatMap(([name, value]) => {
      const written = textOf(value)
      return written.trim() === '' ? [] : [[name, written]]
    }),
  )
  return Object.keys(fields).length === 0 ? 'no_credentials' : complete(fields, service)
}

const BYTE_ORDER_MARK = /^\uFEFF/
/** How a JSON object begins, or a list; no key does. */
const BROKEN_JSON = /^\s*[{[]\s*["']/

/** A key may be a number, or a word of JSON: then it is the text as it stands. @returns undefined for JSON that was cut */
const parse = (plaintext: string): string | object | null | undefined => {
  try {
    const value: unknown = JSON.parse(plaintext)
    if (typeof value === 'string' || (typeof value === 'object' && value !== null)) return value
    return value === null ? null : plaintext.trim()
  } catch {
    return BROKEN_JSON.test(plaintext) ? undefined : plaintext
  }
}

const TEXT_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g

/** The fields as they are, but numbers as text: one of 20 digits, or `1.10`, must not come out as another. */
const fieldsOf = (parsed: object, plaintext: string): [name: string, value: unknown][] => {
  const fields = Object.entries(parsed)
  if (!fields.some(([, value]) => typeof value === 'number')) return fields
  const quoted = plaintext.replace(TEXT_OR_NUMBER, (token) => token.startsWith('"') ? token : `"${token}"`) // prettier-ignore
  const written = new Map<string, unknown>(Object.entries(JSON.parse(quoted) as object))
  return fields.map(([name, value]) => [
    name,
    typeof value === 'number' ? written.get(name) : value,
  ])
}

const textOf = (value: unknown): string => {
  if (value === null || value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const complete = (given: Record<string, string>, service: Service): ReadCredentials => {
  const credentials = named(given, service)
  const isIncomplete = service.auth.fields.some(
    ({ name, required }) => required && !Object.hasOwn(credentials, name),
  )
  return { credentials, isIncomplete }
}

const named = (given: Record<string, string>, service: Service): Record<string, string> => {
  const key = ONLY_KEY.find((name) => isUnnamedKey(given, name, service))
  const secrets = service.auth.fields.filter((field) => field.required && isSecretField(field))
  const [only, ...more] = secrets
  if (key === undefined || !only || more.length > 0 || Object.hasOwn(given, only.name)) return given
  const { [key]: value = '', ...rest } = given
  return { [only.name]: value, ...rest }
}

/** `apiKey` may stand beside other fields, `api_key` alone: with others it is a field of its own. */
const isUnnamedKey = (given: object, name: string, { auth }: Service): boolean =>
  Object.hasOwn(given, name) &&
  !auth.fields.some((field) => field.name === name) &&
  (name === 'apiKey' || Object.keys(given).length === 1)
