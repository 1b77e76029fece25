import { createHmac } from 'node:crypto'
import type { Played } from './play.ts'
import type { ReadRequest } from './read-request.ts'

const percent = (text: string): string =>
  [...Buffer.from(text)]
    .map((byte) => ({ byte, c: String.fromCharCode(byte) }))
    .map(({ byte, c }) =>
      /[A-Za-z0-9._~-]/.test(c) ? c : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    ) // prettier-ignore
    .join('')

/** RFC 5849 §3.5.1 read back, the signature of §3.4 made again; what is wrong with it. */
export const checkOAuth1 = ({ config, tool, credentials }: Played, got: ReadRequest): string[] => {
  const header = got.headers['authorization'] ?? ''
  const fields = Object.fromEntries(
    [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, decodeURIComponent(value)]), // prettier-ignore
  )
  const { oauth_signature: signature, ...oauth } = fields
  const form = got.content.kind === 'form' ? got.content.fields : []
  const parameters = [...Object.entries(oauth), ...got.query, ...form]
    .map(([name, value]) => [percent(name), percent(value)])
    .sort(([a = '', x = ''], [b = '', y = '']) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1))
    .map((pair) => pair.join('='))
    .join('&')
  const origin = /^https:\/\/[^/]*/.exec(tool.baseURL ?? config.api.baseURL)?.[0] ?? ''
  const path = got.path.slice(`/${config.name}`.length)
  const secretOf = (template = '') => percent(credentials[template.replace(/[{}]/g, '')] ?? '')
  const { consumerSecret, tokenSecret } = config.auth.inject?.oauth1 ?? {}
  const expected = createHmac('sha1', `${secretOf(consumerSecret)}&${secretOf(tokenSecret)}`)
    .update([got.method, percent(origin + path), percent(parameters)].join('&'))
    .digest('base64')
  return [
    ...(header.startsWith('OAuth ') ? [] : ['authorization: is not of scheme OAuth']),
    ...(signature === expected ? [] : [`authorization: signature ${signature}, not ${expected}`]),
    ...(oauth['oauth_version'] === '1.0' && oauth['oauth_nonce'] && oauth['oauth_timestamp']
      ? []
      : ['authorization: version, nonce or timestamp is missing']),
  ]
}
