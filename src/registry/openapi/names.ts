/** What model APIs take as the name of a tool or property. */
const MAX_NAME = 64

/** Letters, digits, `_` and `-` only; accents go before their letters do. */
const plain = (text: string, allowed = /[^\w-]+/g): string =>
  text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(allowed, '_')
    .replace(/_{2,}/g, '_')
    .replace(/^[_-]+|[_-]+$/g, '')

/** Makes names unique in the order of asking, with a number behind when it must. */
export const createNames = (limit = MAX_NAME) => {
  const taken = new Set<string>()
  return {
    /** @param candidates from best to worst */
    take: (...candidates: string[]): string => {
      const usable = candidates.filter(Boolean).map((name) => fit(name, limit))
      const free =
        usable.find((name) => !taken.has(name)) ?? numbered(usable[0] ?? '', limit, taken)
      taken.add(free)
      return free
    },
  }
}

const numbered = (name: string, limit: number, taken: ReadonlySet<string>): string => {
  for (let number = 2; ; number++) {
    const candidate = `${name.slice(0, limit - String(number).length - 1)}_${number}`
    if (!taken.has(candidate)) return candidate
  }
}

/** The end of a long name tells most: what stands before is where the code of the API lies. */
const fit = (name: string, limit: number): string => {
  if (name.length <= limit) return name
  const tail = name.slice(-limit)
  const word = tail.search(/[_-]/)
  return (word >= 0 && word < limit / 2 ? tail.slice(word) : tail).replace(/^[_-]+/, '')
}

/** The names that a tool may have: its operation's id, else its method and path, `get_users_by_id`. */
export const toolNames = (id: string, method: string, path: string): string[] => {
  const segments = path.split(/[?#]/)[0]?.split('/').filter(Boolean) ?? []
  const last = segments.length - 1
  const words = (all: boolean) =>
    segments.flatMap((segment, index) => {
      const isParameter = /^\{[^{}]*\}$/.test(segment)
      if (!isParameter) return [plain(segment.replace(/[{}]/g, '_'))]
      return all || index === last ? [`by_${plain(segment)}`] : []
    })
  const verb = method.toLowerCase()
  const rest = path.split(/[?#]/).slice(1).map((part) => plain(part)) // prettier-ignore
  const names = [words(false), words(true), [...words(true), ...rest]].map((parts) =>
    [verb, ...parts].filter(Boolean).join('_'),
  )
  return [plain(id), ...names]
}

/** A key for a parameter that agents can write and templates can name. */
export const parameterKey = (name: string): string => {
  if (/^[\w.-]{1,64}$/.test(name) && name !== '__proto__') return name
  const key = plain(name.replace(/\[\]$/, ''), /[^\w.-]+/g)
  return key === '' || key === '__proto__' ? 'value' : key
}

/** A key that `{key}` in an endpoint and `{{key}}` in a template can name. */
export const placeholderKey = (name: string): string => {
  if (/^[A-Za-z_][\w-]{0,63}$/.test(name) && name !== '__proto__') return name
  const key = plain(name)
  return /^[A-Za-z_]/.test(key) ? key : `p_${key}`.replace(/_$/, '')
}
