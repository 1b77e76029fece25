import type { ServerResponse } from 'node:http'
import type { Fault } from '../../model/cutover-sample.ts'

/** Longer than clients like to wait for the first byte. A host that hangs would say nothing for minutes. */
const SILENCE_MS = 10_000
/** What comes later is not looked at. */
const MAX_BYTES = 1024 * 1024

/**
 * A result of MCP that is an error, or JSON-RPC's own error, whose codes are negative. Inside a text its quotes would be
 * escaped, so it is no error that a tool only tells about.
 */
const FAILED = /"isError"\s*:\s*true|"error"\s*:\s*\{[^{}]{0,400}?"code"\s*:\s*-\d/
/** As much as one of them may be long: it may come in two pieces. */
const KEPT = 450

type Options = { seesTools: boolean; silenceMs?: number | undefined }

/** Watches an answer that goes out, whoever gives it, and says once what was wrong with it: with its end, or after a long silence. */
export const watchAnswer = (
  response: ServerResponse,
  { seesTools, silenceMs = SILENCE_MS }: Options,
  onKnown: (fault: Fault | null) => void,
): void => {
  const hasFailed = seesTools ? listenForErrors(response) : () => false
  let isKnown = false
  const tell = (fault: Fault | null): void => {
    clearTimeout(timer)
    if (!isKnown) onKnown(fault)
    isKnown = true
  }
  const timer = setTimeout(() => {
    if (!response.headersSent) tell('silent')
  }, silenceMs)
  // A client that got no whole answer has met an error, whoever gave up first.
  response.once('close', () => {
    if (!response.writableFinished) tell('cut')
    else if (response.statusCode >= 400) tell('status')
    else tell(hasFailed() ? 'tool' : null)
  })
}

/** Both ways write with these two; what is compressed says nothing. */
const listenForErrors = (response: ServerResponse): (() => boolean) => {
  let hasFailed = false
  let seen = 0
  let last = ''
  const hear = (chunk: unknown): void => {
    if (hasFailed || seen > MAX_BYTES) return
    const text = textOf(chunk)
    seen += text.length
    const known = last + text
    hasFailed = FAILED.test(known)
    last = known.slice(-KEPT)
  }
  const heard = <Write extends (...given: never[]) => unknown>(write: Write): Write =>
    new Proxy(write, {
      apply: (target, self: unknown, given: unknown[]): unknown => {
        hear(given[0])
        return Reflect.apply(target, self, given)
      },
    })
  /* eslint-disable @typescript-eslint/unbound-method -- each is applied to what it is called on */
  response.write = heard(response.write)
  response.end = heard(response.end)
  /* eslint-enable @typescript-eslint/unbound-method */
  return () => hasFailed
}

const textOf = (chunk: unknown): string => {
  if (typeof chunk === 'string') return chunk
  return chunk instanceof Uint8Array ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1') : '' // prettier-ignore
}
