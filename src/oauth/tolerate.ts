type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Makes a token endpoint's answer what RFC 6749 §5 says, where large providers differ: errors under status 200 (GitHub,
 * Slack), another `token_type` than Bearer or none (Slack, Shopify), `null` for what is absent, a form instead of JSON
 * (Facebook once, GitHub), a scope list, a word of its own for a refresh token that has ended (HubSpot, Fitbit). An `id_token` is not used, so it is dropped unread.
 *
 * @returns undefined when it is no such answer at all
 */
export const tolerate = ({
  status,
  text,
}: {
  status: number
  text: string
}): Response | undefined => {
  const answer = parse(text)
  // What a server says while it has a problem of its own says nothing of the grant.
  if (!answer || status >= 500) return undefined
  const error = errorIn(answer)
  if (error !== undefined) return respond(status >= 400 && status < 500 ? status : 400, { error })
  if (status < 200 || status > 299) return undefined
  const { id_token: _idToken, scope, ...rest } = answer
  const present = Object.entries(rest).filter(([, value]) => value !== null)
  return respond(200, { ...Object.fromEntries(present), ...scopeOf(scope), token_type: 'bearer' })
}

const respond = (status: number, body: Json): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })

const parse = (text: string): Json | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    const form = Object.fromEntries(new URLSearchParams(text))
    return 'access_token' in form || 'error' in form ? form : undefined
  }
}

/** Codes are words; what else stands there may be anything. */
const errorIn = ({ error, ok, status, errors }: Json): string | undefined => {
  if (status === 'BAD_REFRESH_TOKEN') return 'bad_refresh_token'
  if (Array.isArray(errors)) return codeOf(isObject(errors[0]) ? errors[0]['errorType'] : '')
  if (isObject(error)) return isEndedAccess(error) ? 'invalid_grant' : 'unknown_error'
  if (typeof error === 'string' && error !== '') return codeOf(error)
  return ok === false ? 'unknown_error' : undefined
}

const codeOf = (word: unknown): string =>
  typeof word === 'string' && /^[a-z0-9_]{1,60}$/i.test(word) ? word : 'unknown_error'

/** As Facebook says it. */
const isEndedAccess = ({ type, code }: Json): boolean => typeof type === 'string' && code === 190

const scopeOf = (scope: unknown): Json => {
  if (typeof scope === 'string') return { scope }
  return Array.isArray(scope) ? { scope: scope.join(' ') } : {}
}
