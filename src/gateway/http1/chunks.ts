import { malformed } from './answer-head.ts'
import { createLineReader } from './lines.ts'

/** Bounds of what is not data: the line of a chunk's size, and all trailers. */
const MAX_SIZE_LINE = 1_024
const MAX_TRAILERS = 16 * 1_024

const SIZE_LINE = /^([0-9a-fA-F]{1,12})[\t ]*(?:;[^\r\n]*)?$/
const TRAILER = /^([!#$%&'*+\-.^_`|~\w]+):[\t ]*([\t\x20-\x7e\x80-\xff]*?)[\t ]*$/

export type Trailers = readonly (readonly [name: string, value: string])[]

/** Takes the chunks of a body apart (RFC 9112 §7.1), strictly. */
export const createChunkReader = (onData: (bytes: Buffer) => void) => {
  const lines = createLineReader()
  const trailers = createTrailers()
  let state: 'size' | 'data' | 'gap' | 'trailers' = 'size'
  let left = 0

  /** @returns whether the body ends here */
  const takeLine = (line: string): boolean => {
    if (state === 'trailers') return trailers.take(line)
    if (state === 'size') {
      left = sizeIn(line)
      state = left === 0 ? 'trailers' : 'data'
    } else {
      if (line !== '') throw malformed('a chunk')
      state = 'size'
    }
    return false
  }

  const takeData = (bytes: Buffer, from: number): number => {
    const end = Math.min(bytes.length, from + left)
    left -= end - from
    onData(bytes.subarray(from, end))
    if (left === 0) state = 'gap'
    return end
  }

  return {
    trailers: trailers.all,
    /** @returns the index behind the body's end; undefined while there is more to come */
    feed: (bytes: Buffer): number | undefined => {
      for (let at = 0; at < bytes.length;) {
        if (state === 'data') {
          at = takeData(bytes, at)
          continue
        }
        const most = state === 'trailers' ? MAX_TRAILERS : MAX_SIZE_LINE
        const found = lines.read(bytes, at, most)
        if (!found) return undefined
        if (takeLine(found.line)) return found.next
        at = found.next
      }
      return undefined
    },
  }
}

const sizeIn = (line: string): number => {
  const size = SIZE_LINE.exec(line)?.[1]
  if (size === undefined) throw malformed("a chunk's size")
  return Number.parseInt(size, 16)
}

const createTrailers = () => {
  const all: [string, string][] = []
  let bytes = 0
  return {
    all,
    /** @returns whether the line is the empty one behind the last */
    take: (line: string): boolean => {
      if (line === '') return true
      bytes += line.length
      const [, name, value = ''] = TRAILER.exec(line) ?? []
      if (name === undefined || bytes > MAX_TRAILERS) throw malformed('a trailer')
      all.push([name, value])
      return false
    },
  }
}
