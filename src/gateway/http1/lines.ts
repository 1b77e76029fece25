import { malformed } from './answer-head.ts'

/** Puts lines together that end with CRLF (RFC 9112 §2.2), out of bytes as they come. */
export const createLineReader = () => {
  let begun = ''
  return {
    /**
     * @param most how long a line may be
     * @returns the line, and the index behind it; undefined while its end is still to come
     * @throws AppError for a line that is longer or ends otherwise
     */
    read: (
      bytes: Buffer,
      from: number,
      most: number,
    ): { line: string; next: number } | undefined => {
      const end = bytes.indexOf(0x0a, from)
      begun += bytes.toString('latin1', from, end < 0 ? bytes.length : end)
      if (begun.length > most || (end >= 0 && !begun.endsWith('\r'))) throw malformed('a chunk')
      if (end < 0) return undefined
      const line = begun.slice(0, -1)
      begun = ''
      return { line, next: end + 1 }
    },
  }
}
