import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import type { UpstreamAnswer } from './exchange.ts'

type Decode = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>

/** Deflate is with or without the frame of zlib: servers do both (RFC 9110 §8.4.1.2). */
const inflate: Decode = (body, options) =>
  promisify<Buffer, object, Buffer>(zlib.inflate)(body, options).catch(() =>
    promisify<Buffer, object, Buffer>(zlib.inflateRaw)(body, options),
  )

const DECODERS: Readonly<Record<string, Decode>> = {
  gzip: promisify<Buffer, object, Buffer>(zlib.gunzip),
  'x-gzip': promisify<Buffer, object, Buffer>(zlib.gunzip),
  deflate: inflate,
  br: promisify<Buffer, object, Buffer>(zlib.brotliDecompress),
}

/**
 * Without `Accept-Encoding` an API may use any coding it likes (RFC 9110 §12.5.3), and some do.
 * @returns the answer as it was meant; one that cannot be decoded as it came
 */
export const decoded = async (
  answer: UpstreamAnswer,
  maxOutputLength: number,
): Promise<UpstreamAnswer> => {
  // prettier-ignore
  const coding = answer.headers['content-encoding']
  if (typeof coding !== 'string' || answer.body.length === 0 || answer.truncated) return answer
  const codings = coding.toLowerCase().split(',').map((one) => one.trim()).filter((one) => one !== 'identity') // prettier-ignore
  const decoders = codings.reverse().map((one) => (Object.hasOwn(DECODERS, one) ? DECODERS[one] : undefined)) // prettier-ignore
  let { body } = answer
  try {
    for (const decode of decoders) {
      if (!decode) return answer
      body = await decode(body, { maxOutputLength })
    }
  } catch {
    return answer
  }
  const { 'content-encoding': _coding, ...headers } = answer.headers
  return { ...answer, headers, body }
}
