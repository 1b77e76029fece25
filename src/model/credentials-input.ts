import { AppError } from '../base/errors.ts'
import type { Credentials } from './host-credentials.ts'
import { isSecretField, type Service } from './service.ts'

export type CredentialsInput = {
  credentials?: Record<string, string> | undefined
  apiKey?: string | undefined
}

const MAX_VALUE_LENGTH = 6_000

/**
 * Turns what a user entered into the fields that the service declares. `apiKey` fills the only required secret field.
 * @throws AppError `credentials_ambiguous` naming the fields when there are several, `credentials_invalid` naming what
 * is missing, unknown or malformed, all at once.
 */
export const readCredentials = (service: Service, input: CredentialsInput): Credentials => {
  const given = input.credentials ?? {}
  const values =
    input.apiKey === undefined ? given : { ...given, ...fromApiKey(service, input.apiKey) }
  const problems = [
    ...service.auth.fields
      .filter((field) => field.required && !values[field.name])
      .map((field) => `${field.name} is missing`),
    ...Object.keys(values)
      .filter((name) => !service.auth.fields.some((field) => field.name === name))
      .map((name) => `${name} is not a field of ${service.name}`),
    ...Object.entries(values).flatMap(([name, value]) =>
      wrongWith(name, value, lineBreaksFit(service, name)),
    ),
  ]
  if (problems.length > 0)
    throw new AppError(
      'credentials_invalid',
      `The credentials do not fit ${service.name}: ${problems.join('; ')}. Its fields: ${fieldNames(service)}.`,
    )
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''))
}

const fromApiKey = (service: Service, apiKey: string): Record<string, string> => {
  const [only, ...more] = service.auth.fields.filter(
    (field) => field.required && isSecretField(field),
  )
  if (!only || more.length > 0)
    throw new AppError(
      'credentials_ambiguous',
      `${service.name} takes no single key; send {"credentials": {…}} with its fields: ${fieldNames(service)}.`,
    )
  return { [only.name]: apiKey }
}

// A line break or another control character in a value would let it reach beyond its header.
const CONTROL = /[\u0000-\u001f\u007f]/
const CONTROL_BUT_LINE_BREAKS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/

/** A key in PEM or JSON has lines. */
const lineBreaksFit = (service: Service, name: string): boolean =>
  service.auth.fields.some((field) => field.name === name && field.type === 'textarea')

const wrongWith = (name: string, value: string, mayHaveLines: boolean): string[] => {
  if (value.length > MAX_VALUE_LENGTH)
    return [`${name} is longer than ${MAX_VALUE_LENGTH} characters`]
  return (mayHaveLines ? CONTROL_BUT_LINE_BREAKS : CONTROL).test(value)
    ? [`${name} has control characters`]
    : []
}

const fieldNames = (service: Service): string =>
  service.auth.fields
    .map((field) => (field.required ? field.name : `${field.name} (optional)`))
    .join(', ') || 'none'
