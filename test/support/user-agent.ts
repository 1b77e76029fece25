import { send } from './http.ts'

const MAX_STEPS = 12

/** A browser: follows redirects with the cookies it is given. @returns the first address that begins with `until` */
export const browseTo = async (from: string, until: string): Promise<string> => {
  const cookies = new Map<string, string>()
  let at = new URL(from)
  for (let step = 0; step < MAX_STEPS; step++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await send(at.origin, `${at.pathname}${at.search}`, { headers: { cookie } })
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    const { location } = answer.headers
    if (location === undefined)
      throw new Error(`${at.href} answered ${answer.status}: ${answer.text.slice(0, 2_000)}`)
    at = new URL(location, at)
    if (at.href.startsWith(until)) return at.href
  }
  throw new Error(`${from} leads round in circles`)
}
