import { malformed, parseAnswerHead, type AnswerHead } from './answer-head.ts'
import { createChunkReader, type Trailers } from './chunks.ts'

/** Who receives an answer, piece by piece. */
export type AnswerSink = {
  /** Whether the request was HEAD: its answer has a length but no body. */
  readonly isHead: boolean
  onHead: (head: AnswerHead) => void
  /** One of 1xx, before the answer itself. */
  onInterim: (head: AnswerHead) => void
  onData: (bytes: Buffer) => void
  /** @param last the last bytes of the body, if they come together with its end */
  onEnd: (last: Buffer | undefined, trailers: Trailers) => void
}

const END_OF_HEAD = Buffer.from('\r\n\r\n')
const MAX_HEAD = 64 * 1024

/** Reads the answers of one connection, one after the other. */
export const createAnswers = () => {
  /** Undefined: none is expected. */
  let reader: Reader | undefined
  return {
    /** The next answer goes to this one. */
    expect: (sink: AnswerSink): void => {
      reader = createReader(sink)
    },
    /**
     * @throws AppError for what is not an answer
     * @returns false for bytes that nobody asked for
     */
    feed: (bytes: Buffer): boolean => {
      let rest: Buffer | undefined = bytes
      while (reader && rest && rest.length > 0) {
        const current: Reader = reader
        rest = current.feed(rest)
        if (current.isDone() && reader === current) reader = undefined
      }
      return rest === undefined || rest.length === 0
    },
    /** The connection ended. @returns whether that is how the answer was to end */
    finish: (): boolean => {
      const last = reader
      reader = undefined
      return last?.finish() ?? false
    },
  }
}

type Reader = ReturnType<typeof createReader>

/** Reads one answer. */
const createReader = (sink: AnswerSink) => {
  let head: AnswerHead | undefined
  let pending: Buffer | undefined
  let body: ReturnType<typeof createBody> | undefined
  let isDone = false

  const end = (last: Buffer | undefined, trailers: Trailers): void => {
    isDone = true
    sink.onEnd(last, trailers)
  }

  const readHead = (bytes: Buffer): Buffer | undefined => {
    const all = pending ? Buffer.concat([pending, bytes]) : bytes
    const at = all.indexOf(END_OF_HEAD)
    if ((at < 0 ? all.length : at) > MAX_HEAD) throw malformed('its headers are too large')
    pending = at < 0 ? all : undefined
    if (at < 0) return undefined
    const read = parseAnswerHead(all.toString('latin1', 0, at), sink.isHead)
    if (read.status === 101) throw malformed('it switches protocols unasked')
    if (read.status < 200) sink.onInterim(read)
    else begin(read)
    return all.subarray(at + END_OF_HEAD.length)
  }

  const begin = (read: AnswerHead): void => {
    head = read
    sink.onHead(read)
    if (read.framing === 0) end(undefined, [])
    else body = createBody(read, sink.onData, end)
  }

  return {
    isDone: () => isDone,
    /** @returns what is left of the bytes */
    feed: (bytes: Buffer): Buffer | undefined => (body ? body(bytes) : readHead(bytes)),
    finish: (): boolean => {
      if (head?.framing !== 'until-close' || isDone) return false
      end(undefined, [])
      return true
    },
  }
}

type End = AnswerSink['onEnd']

/** @returns what takes the body's bytes, and returns those behind its end */
const createBody = ({ framing }: AnswerHead, onData: (bytes: Buffer) => void, end: End) => {
  if (framing === 'chunked') {
    const chunks = createChunkReader(onData)
    return (bytes: Buffer): Buffer | undefined => {
      const behind = chunks.feed(bytes)
      if (behind === undefined) return undefined
      end(undefined, chunks.trailers)
      return bytes.subarray(behind)
    }
  }
  let left = framing === 'until-close' ? Infinity : framing
  return (bytes: Buffer): Buffer | undefined => {
    const last = bytes.subarray(0, left)
    left -= last.length
    if (left > 0) onData(last)
    else end(last, [])
    return left > 0 ? undefined : bytes.subarray(last.length)
  }
}
