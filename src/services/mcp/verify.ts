import type { Credentials } from '../../model/host-credentials.ts'
import { pathPlaceholders } from '../../model/placeholder.ts'
import type { Service, Tool } from '../../model/service.ts'
import type { Verification } from '../../model/verification.ts'
import { AppError } from '../../base/errors.ts'
import type { UpstreamAnswer } from './exchange.ts'
import { buildRequest } from './request.ts'
import type { Upstream } from './upstream.ts'

type Recipe = NonNullable<Service['auth']['verify']>

/** The daemon waits for ten seconds. */
const ANSWER_MS = 9_000

type Check = { service: Service; credentials: Credentials; upstream: Upstream }

/** Makes the call that the service's recipe names, built like any tool's request, and judges the answer. */
export const verifyKey = async ({
  service,
  credentials,
  upstream,
}: Check): Promise<Verification> => {
  const recipe = service.auth.verify
  if (!recipe || service.auth.type === 'unknown') return { outcome: 'unverifiable' }
  try {
    // Endpoint and body may name fields of the key: {api_key}, {{api_key}}.
    const request = buildRequest({ service, tool: toolOf(recipe), args: credentials, credentials })
    return judge(
      service,
      recipe,
      await upstream.send(service, request, AbortSignal.timeout(ANSWER_MS)),
    )
  } catch (error) {
    // A field that does not fit the base URL is the user's to correct; an address that is refused is none of theirs.
    const isWrong = error instanceof AppError && error.code === 'credentials_invalid'
    return { outcome: isWrong ? 'invalid' : 'unreachable' }
  }
}

const toolOf = (recipe: Recipe): Tool => ({
  name: 'verify',
  description: '',
  method: recipe.method,
  endpoint: recipe.endpoint,
  parameters: Object.fromEntries(
    pathPlaceholders(recipe.endpoint).map((name) => [
      name,
      { type: 'string', required: true, description: '', in: 'path' },
    ]),
  ),
  ...(recipe.body === undefined ? {} : { body: recipe.body }),
})

/** Too many, too early, too slow: nothing about the key. */
const LATER = [408, 425, 429]
/** What APIs answer to a key that they do not know. */
const REFUSED = [400, 401, 403, 422]

const judge = (service: Service, recipe: Recipe, answer: UpstreamAnswer): Verification => {
  const { status } = answer
  if (status === recipe.expect) return judgeAccepted(recipe, answer)
  if (status >= 500 || LATER.includes(status) || isRateLimit(answer))
    return { outcome: 'unreachable' }
  // Where a field of the user's is part of the address, nothing there is the user's mistake; else the recipe is old.
  const isRefused =
    REFUSED.includes(status) || (status === 404 && hasFieldInAddress(service, recipe))
  return { outcome: isRefused ? 'invalid' : 'unverifiable' }
}

const hasFieldInAddress = ({ api }: Service, { endpoint }: Recipe): boolean =>
  pathPlaceholders(`${api.baseURL}${endpoint}`).length > 0

/** GitHub and others limit calls with 403. */
const isRateLimit = ({ status, headers }: UpstreamAnswer): boolean =>
  status === 403 &&
  (headers['retry-after'] !== undefined || headers['x-ratelimit-remaining'] === '0')

/** Some APIs (Slack, GraphQL ones) say yes to every key, and what is wrong in the body. */
const judgeAccepted = (recipe: Recipe, { headers, body }: UpstreamAnswer): Verification => {
  // A page for people, of a sign-in or of maintenance, is not the API's word.
  if (/^text\/html/i.test(String(headers['content-type'] ?? ''))) return { outcome: 'unreachable' }
  const answer = parse(body.toString('utf8'))
  if (recipe.account === undefined) return { outcome: saysNo(answer) ? 'invalid' : 'valid' }
  if (answer === undefined) return { outcome: 'unverifiable' }
  const account = valueAt(answer, recipe.account)
  if (saysNo(answer) || account === null || account === '') return { outcome: 'invalid' }
  return isName(account)
    ? { outcome: 'valid', account: String(account).slice(0, MAX_ACCOUNT) }
    : { outcome: 'valid' }
}

/** `{"ok": false}`, `{"success": false}`, `{"error": …}`, `{"errors": [ … ]}` */
const saysNo = (answer: unknown): boolean => {
  const [ok, success, error, errors] = ['ok', 'success', 'error', 'errors'].map((key) => childOf(answer, key)) // prettier-ignore
  if (ok === false || success === false) return true
  return Array.isArray(errors) ? errors.length > 0 : Boolean(error) || Boolean(errors)
}

const MAX_ACCOUNT = 200

const isName = (value: unknown): value is string | number =>
  typeof value === 'number' || typeof value === 'string'

const valueAt = (answer: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>(childOf, answer)

const childOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
