/**
 * What must never reach a log: instance secrets (also inside URLs), tokens, and the values of fields that hold keys.
 * Redaction sits in the logger, so that no call site can forget it.
 */
const SECRET_KEY =
  /^(.*authorization|.*cookie|.*credentials|instanceUrl|(.*[_-])?(api|access|master|private|host)?key|.*(secret|token|password|passphrase))$/i

const PATTERNS: readonly [RegExp, string][] = [
  // /{handle}_{secret}/service and handle_secret alone
  [/([a-z0-9-]{1,3}_user_[0-9a-f]{8}_[0-9a-f]{6})_[0-9A-Za-z]+/g, '$1_[secret]'],
  // /{uuid}/mcp/… of the older model
  [/\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=\/mcp)/gi, '/[secret]'],
  [/\bbrt_[\w-]+/g, 'brt_[secret]'],
  [/\b(Bearer|Basic)\s+[\w\-._~+/=]+/gi, '$1 [secret]'],
  // user:password@ in a URL; the user may be missing, and the last @ ends the password
  [/(\w{1,20}:\/\/[^\s:/@]*):[^\s/]+@/g, '$1:[secret]@'],
  // ?api_key=… in a URL
  [/([?&][\w-]{0,64}(?:key|token|secret|password)=)[^&#\s"']+/gi, '$1[secret]'],
]

/** Redacts a piece of text. */
export const redactText = (text: string): string =>
  PATTERNS.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text)

const MAX_DEPTH = 6

/** A copy of a value that is safe to log: errors become plain objects, secrets `[secret]`. */
export const redact = (value: unknown, depth = 0): unknown => {
  if (typeof value === 'string') return redactText(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth > MAX_DEPTH) return '[deep]'
  if (value instanceof Error) return redactError(value, depth)
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      SECRET_KEY.test(key) ? '[secret]' : redact(item, depth + 1),
    ]),
  )
}

const redactError = (error: Error, depth: number): Record<string, unknown> => ({
  name: error.name,
  message: redactText(error.message),
  ...('code' in error ? { code: error.code } : {}),
  stack: redactText(error.stack ?? ''),
  ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
})
