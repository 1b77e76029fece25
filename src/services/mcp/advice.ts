import type { Service } from '../../model/service.ts'
import type { UpstreamAnswer } from './exchange.ts'

/** What an agent, or its user, can do about an API's refusal. */
export const adviceFor = (service: Service, answer: UpstreamAnswer): string => {
  const { status } = answer
  if (status === 401 || status === 403) return `${KEY_REFUSED[status]} ${renewalOf(service)}`
  if (status === 429) return `The API limits calls; wait ${waitOf(answer)} before the next one.`
  if (status === 503 && answer.headers['retry-after'] !== undefined)
    return `The API is not available; try again in ${waitOf(answer)}.`
  const known = MEANINGS[status]
  if (known !== undefined) return known
  if (status >= 500) return 'The API has a problem of its own; try again later.'
  if (status >= 300 && status < 400)
    return 'The API points elsewhere, and the call was not followed there.'
  return 'The API refused the arguments.'
}

const KEY_REFUSED = {
  401: 'The key is not accepted: it is wrong, was revoked or has expired.',
  403: 'The key is not accepted, or may not do this: its owner may lack the right or the plan, or it the scope.',
} as const

const MEANINGS: Readonly<Record<number, string>> = {
  404: 'There is no such thing; check the ids.',
  405: 'The API does not offer this call.',
  409: 'It conflicts with how things are there now; look again before the next try.',
  410: 'It was there once and is gone.',
  413: 'It is too large for the API.',
}

/** How the user renews a key; the names and descriptions are what the form shows. */
export const renewalOf = ({ name, auth, api }: Service): string => {
  const fields = auth.fields.map(({ name: field, description }) =>
    description === '' ? field : `${field} (${description.replace(/[.\s]+$/, '')})`,
  )
  const what = fields.length === 0 ? 'a new one' : `a new ${fields.join(', ')}`
  const where = `for the service "${name}": in Berth, or by POST /api/v1/services/${name}/authenticate`
  const about = api.documentation === '' ? '' : ` About keys: ${api.documentation}`
  return `The user can enter ${what} ${where}; the URL stays the same.${about}`
}

/** `Retry-After` in seconds or as a date (RFC 9110 §10.2.3). */
const waitOf = ({ headers }: UpstreamAnswer): string => {
  const after = headers['retry-after']
  if (typeof after !== 'string' || after === '') return 'a while'
  return /^\d+$/.test(after) ? `${after} s` : `until ${after}`
}
