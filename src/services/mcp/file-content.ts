export type FileContent = {
  bytes: Buffer
  /** Media type that the agent stated. */
  stated: string | undefined
  /** Stated, or what the first bytes tell. */
  type: string | undefined
  /** Of a file name, with its dot; empty when unknown. APIs judge files by it. */
  extension: string
}

/** Kinds of files that their first bytes tell. */
const KINDS: readonly [hex: string, type: string, extension: string][] = [
  ['89504e470d0a1a0a', 'image/png', '.png'],
  ['ffd8ff', 'image/jpeg', '.jpg'],
  ['47494638', 'image/gif', '.gif'],
  ['25504446', 'application/pdf', '.pdf'],
  ['504b0304', 'application/zip', '.zip'],
  ['1f8b', 'application/gzip', '.gz'],
  ['494433', 'audio/mpeg', '.mp3'],
  ['fffb', 'audio/mpeg', '.mp3'],
  ['4f676753', 'audio/ogg', '.ogg'],
  ['1a45dfa3', 'video/webm', '.webm'],
]
const EXTENSIONS = new Map([
  ...KINDS.map(([, type, extension]) => [type, extension] as const),
  ['image/webp', '.webp'],
  ['image/svg+xml', '.svg'],
  ['audio/wav', '.wav'],
  ['video/mp4', '.mp4'],
  ['text/plain', '.txt'],
  ['text/csv', '.csv'],
  ['application/json', '.json'],
])
const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)?(?:;[\w.+=-]+)*;base64,/

/** A file as an agent sends it: base64, or a `data:` URL, which names its type. */
export const fileContent = (text: string): FileContent => {
  const url = DATA_URL.exec(text)
  const bytes = Buffer.from(url ? text.slice(url[0].length) : text, 'base64')
  const type = url?.[1] ?? typeOf(bytes)
  return { bytes, stated: url?.[1], type, extension: EXTENSIONS.get(type ?? '') ?? '' }
}

/** Base64 of either alphabet, with or without white space and padding; or a `data:` URL of it. */
export const isFileText = (text: string): boolean =>
  /^[A-Za-z0-9+/_\s-]*={0,2}\s*$/.test(text.replace(DATA_URL, ''))

const typeOf = (bytes: Buffer): string | undefined => {
  const start = bytes.subarray(0, 12).toString('hex')
  const found = KINDS.find(([hex]) => start.startsWith(hex))?.[1]
  if (found !== undefined) return found
  if (start.startsWith('52494646') && start.endsWith('57454250')) return 'image/webp'
  if (start.startsWith('52494646') && start.endsWith('57415645')) return 'audio/wav'
  return start.slice(8, 16) === '66747970' ? 'video/mp4' : undefined
}
