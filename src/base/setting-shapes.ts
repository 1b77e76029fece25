import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { messageOf } from './errors.ts'

/** What is wrong with a setting, in words for who made it. */
const wants = (what: string) => ({ error: `must be ${what}` })

export const wholeNumber = (min: number, max: number) => {
  const said = wants(`a whole number from ${min} to ${max}`)
  return z.coerce.number(said).int(said).min(min, said).max(max, said)
}
export const httpUrl = z
  .url({ protocol: /^https?$/, ...wants('an address that begins with http:// or https://') })
  .transform((url) => url.replace(/\/+$/, ''))
export const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
)
export const addressRange = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
  error: 'an address or a range of addresses, such as 10.0.0.0/8',
})
export const oneOf = <const T extends readonly string[]>(words: T) =>
  z.enum(words, wants(words.join(words.length > 2 ? ', ' : ' or ')))
export const flag = oneOf(['true', 'false']).transform((text) => text === 'true')
export const postgresUrl = z.url({
  protocol: /^postgres(ql)?$/,
  ...wants('the address of a Postgres: postgres://user:password@host:5432/database'),
})
export const contentOfFile = z.string().transform((file, context) => {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    context.addIssue(`cannot read it: ${messageOf(error)}`)
    return z.NEVER
  }
})
export const redisFile = z.string().transform((file, context) => {
  const parsed = contentOfFile.pipe(z.url({ protocol: /^rediss?$/ })).safeParse(file)
  if (parsed.success) return { file, url: parsed.data }
  for (const { message } of parsed.error.issues) context.addIssue(message)
  return z.NEVER
})
const isLoopback = (url: string): boolean =>
  ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname)
export const loopback = httpUrl.refine(
  isLoopback,
  'must be a loopback address: the sandbox receives real keys',
)
export const keySetUrl = httpUrl.refine(
  (url) => url.startsWith('https:') || isLoopback(url),
  'must begin with https://: whoever can change the keys on their way can be anybody',
)
export const plainUrl = httpUrl.refine(
  (url) => new URL(url).username === '' && new URL(url).password === '',
  'must not hold a password: PM2 shows the environment',
)
export const path = z.string().min(1)
