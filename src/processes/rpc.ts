import { connect, type Socket } from 'node:net'
import { AppError, messageOf } from '../base/errors.ts'

/**
 * A client for PM2's RPC socket. The wire is AMP: a byte of version and argument count, then each argument behind its
 * length (4 bytes, big endian); a request is `j:{"type":"call","method","args"}` and `s:<id>`, the answer the same with
 * the same id. PM2's own client has no deadlines and keeps its settings in module globals; this one opens a socket per
 * call and gives up in time.
 */
const AMP_VERSION = 1
const MAX_ANSWER_BYTES = 64 * 1024 * 1024

export type Pm2Call = { method: string; args: readonly unknown[]; deadlineMs: number }

/** @throws AppError `pm2_unreachable` when nothing answers in time, `pm2_failed` when PM2 says no */
export const callPm2 = async (socketPath: string, call: Pm2Call): Promise<unknown> => {
  const id = 'berth:1'
  const request = encode([
    `j:${JSON.stringify({ type: 'call', method: call.method, args: call.args })}`,
    `s:${id}`,
  ])
  const answer = await exchange(socketPath, request, call)
  const { error, args } = JSON.parse(answer.slice(2)) as { error?: unknown; args?: unknown[] }
  if (error !== undefined)
    throw new AppError('pm2_failed', `PM2 refused ${call.method}: ${describe(error)}.`)
  return args?.[0]
}

const describe = (error: unknown): string =>
  typeof error === 'string' ? error : JSON.stringify(error)

const exchange = (socketPath: string, request: Buffer, call: Pm2Call): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket: Socket = connect(socketPath)
    const chunks: Buffer[] = []
    let size = 0
    const end = (act: () => void) => {
      clearTimeout(timer)
      socket.destroy()
      act()
    }
    const fail = (why: string, cause?: unknown) =>
      end(() =>
        reject(
          new AppError('pm2_unreachable', `PM2 at ${socketPath} ${why} (${call.method}).`, {
            cause,
          }),
        ),
      )
    const timer = setTimeout(
      () => fail(`did not answer within ${call.deadlineMs} ms`),
      call.deadlineMs,
    )
    socket.on('connect', () => socket.write(request))
    socket.on('error', (error) => fail(`cannot be reached: ${messageOf(error)}`, error))
    socket.on('close', () => fail('closed the connection'))
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size > MAX_ANSWER_BYTES) return fail('sent too much')
      const first = decodeFirst(Buffer.concat(chunks))
      if (first !== undefined) end(() => resolve(first))
    })
  })

const encode = (args: readonly string[]): Buffer => {
  const parts = args.map((arg) => Buffer.from(arg))
  const lengths = parts.map((part) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(part.length)
    return length
  })
  const head = Buffer.from([(AMP_VERSION << 4) | args.length])
  return Buffer.concat([head, ...parts.flatMap((part, index) => [lengths[index] ?? head, part])])
}

/** The first argument of a message, once the whole message is there. */
const decodeFirst = (message: Buffer): string | undefined => {
  let offset = 1
  let first: string | undefined
  for (let left = (message[0] ?? 0) & 0xf; left > 0; left--) {
    if (offset + 4 > message.length) return undefined
    const end = offset + 4 + message.readUInt32BE(offset)
    if (end > message.length) return undefined
    first ??= message.toString('utf8', offset + 4, end)
    offset = end
  }
  return first
}
