import type { Arguments } from './arguments.ts'

const WHOLE = /^\{\{\s*([^{}\s]+)\s*\}\}$/
const EMBEDDED = /\{\{\s*([^{}\s]+)\s*\}\}/g

/**
 * Fills a JSON template. A string that is exactly `{{name}}` becomes the argument with its type; inside a longer string it
 * is put in as text. What has no argument disappears, and so does an object or array that only held such things: an API
 * takes an empty wrapper for a wish to clear something.
 */
export const fillBody = (template: unknown, args: Arguments): unknown => {
  if (typeof template === 'string') return fillText(template, args)
  if (Array.isArray(template)) {
    const items = template.map((item) => fillBody(item, args)).filter((item) => item !== undefined)
    return items.length === 0 && template.length > 0 ? undefined : items
  }
  if (typeof template !== 'object' || template === null) return template
  const before = Object.entries(template)
  const after = before
    .map(([key, value]) => [key, fillBody(value, args)] as const)
    .filter(([, value]) => value !== undefined)
  return after.length === 0 && before.length > 0 ? undefined : Object.fromEntries(after)
}

const fillText = (template: string, args: Arguments): unknown => {
  const whole = WHOLE.exec(template)?.[1]
  if (whole !== undefined) return args[whole]
  const names = [...template.matchAll(EMBEDDED)].map((match) => match[1] ?? '')
  if (names.some((name) => args[name] === undefined)) return undefined
  return template.replace(EMBEDDED, (_all, name: string) => asText(args[name]))
}

/** How a value stands in a path, a query, a header or a form field. */
export const asText = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value)
