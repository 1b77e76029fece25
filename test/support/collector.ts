import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export type CollectedSpan = {
  traceId: string
  spanId: string
  /** Empty: it is the first of its trace. */
  parentId: string
  name: string
  kind: 'server' | 'client' | undefined
  facts: Record<string, string | number>
  /** Trace ids. */
  links: string[]
  isError: boolean
  /** Of the process that it is from. */
  resource: Record<string, string | number>
}

/** A collector as OTLP over HTTP has it, which understands protobuf. */
export const startCollector = async () => {
  const bodies: Buffer[] = []
  const requests: { url: string; headers: IncomingHttpHeaders }[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks))
      requests.push({ url: request.url ?? '', headers: request.headers })
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    requests,
    /** All that was sent, as it came. */
    bytes: () => Buffer.concat(bodies),
    spans: () => bodies.flatMap(spansIn),
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Fields of a protobuf message by number: varints and fixed numbers as bigint, all else as bytes. */
type Message = Map<number, (Buffer | bigint)[]>

const decode = (bytes: Buffer): Message => {
  const message: Message = new Map()
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] ?? 0
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  const take = (length: number) => bytes.subarray(at, (at += length))
  const read: Readonly<Record<number, () => Buffer | bigint>> = {
    0: varint,
    1: () => take(8).readBigUInt64LE(),
    2: () => take(Number(varint())),
    5: () => BigInt(take(4).readUInt32LE()),
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const value = read[tag & 7]?.()
    if (value === undefined) throw new Error(`wire type ${tag & 7}`)
    message.set(tag >> 3, [...(message.get(tag >> 3) ?? []), value])
  }
  return message
}

const messages = (message: Message, field: number): Message[] =>
  (message.get(field) ?? []).map((bytes) => decode(bytes as Buffer))
const bytesAt = (message: Message, field: number): Buffer =>
  (message.get(field)?.[0] ?? Buffer.alloc(0)) as Buffer
const textAt = (message: Message, field: number) => bytesAt(message, field).toString('utf8')
const hexAt = (message: Message, field: number) => bytesAt(message, field).toString('hex')

/** Attributes: `KeyValue { key = 1, value = 2: AnyValue { string = 1, int = 3 } }` */
const factsAt = (message: Message, field: number): Record<string, string | number> =>
  Object.fromEntries(
    messages(message, field).map((pair) => {
      const value = decode(bytesAt(pair, 2))
      const whole = value.get(3)?.[0]
      return [textAt(pair, 1), whole === undefined ? textAt(value, 1) : Number(whole)]
    }),
  )

const KINDS: Readonly<Record<string, 'server' | 'client'>> = { 2: 'server', 3: 'client' }

/** `ExportTraceServiceRequest` of opentelemetry-proto 1.x. */
const spansIn = (body: Buffer): CollectedSpan[] =>
  messages(decode(body), 1).flatMap((ofResource) => {
    const resource = messages(ofResource, 1).map((one) => factsAt(one, 1))[0] ?? {}
    return messages(ofResource, 2)
      .flatMap((ofScope) => messages(ofScope, 2))
      .map((span) => ({
        traceId: hexAt(span, 1),
        spanId: hexAt(span, 2),
        parentId: hexAt(span, 4),
        name: textAt(span, 5),
        kind: KINDS[String(span.get(6)?.[0])],
        facts: factsAt(span, 9),
        links: messages(span, 13).map((link) => hexAt(link, 1)),
        isError: messages(span, 15).some((status) => status.get(3)?.[0] === 2n),
        resource,
      }))
  })
