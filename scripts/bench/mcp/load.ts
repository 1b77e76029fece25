import { connect, type Socket } from 'node:net'
import { loopbackSource } from '../../../src/base/loopback.ts'
import { readCpuMs } from '../fleet/cpu.ts'

export type Figures = {
  perSecond: number
  /** Processor time of the server for one answer. */
  cpuMs: number
}

type Load = { url: string; pid: number; request: Buffer; ms: number }

const CONNECTIONS = 32

/**
 * Asks over some connections, on each again as soon as the answer is there. By hand over sockets, so that the asking side
 * takes little of the machine.
 *
 * @throws Error when an answer is not 200
 */
export const runLoad = async ({ url, pid, request, ms }: Load): Promise<Figures> => {
  const { hostname, port } = new URL(url)
  const cpuBefore = readCpuMs([pid])
  const startedAt = performance.now()
  const endsAt = startedAt + ms
  let answers = 0
  const isOver = () => {
    answers++
    return performance.now() >= endsAt
  }
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const socket = connect({ host: hostname, port: Number(port), ...loopbackSource(hostname) })
      await ask(socket, request, isOver)
    }),
  )
  const seconds = (performance.now() - startedAt) / 1000
  return { perSecond: answers / seconds, cpuMs: (readCpuMs([pid]) - cpuBefore) / answers }
}

const ask = (socket: Socket, request: Buffer, isOver: () => boolean): Promise<void> =>
  new Promise((resolve, reject) => {
    let left: AnswerRest | undefined
    socket.on('error', reject)
    socket.on('connect', () => socket.write(request))
    socket.on('data', (chunk: Buffer) => {
      left ??= beginOf(chunk)
      if (!left) {
        socket.destroy(new Error(`not an answer: ${chunk.toString('latin1').slice(0, 300)}`))
        return
      }
      left = left.after(chunk)
      if (left) return
      if (!isOver()) socket.write(request)
      else {
        socket.destroy()
        resolve()
      }
    })
  })

/** What is still to come of an answer; `after` gives undefined when that is nothing. */
type AnswerRest = { after: (chunk: Buffer) => AnswerRest | undefined }

/** Headers are taken to come in one piece, which short ones over loopback do. */
const beginOf = (chunk: Buffer): AnswerRest | undefined => {
  const end = chunk.indexOf('\r\n\r\n')
  const head = chunk.toString('latin1', 0, end)
  if (end === -1 || !head.startsWith('HTTP/1.1 200')) return undefined
  const length = /content-length: (\d+)/i.exec(head)?.[1]
  return length === undefined ? untilLastChunk : afterBytes(end + 4 + Number(length))
}

const afterBytes = (bytes: number): AnswerRest => ({
  after: (chunk) => (chunk.length >= bytes ? undefined : afterBytes(bytes - chunk.length)),
})

/** The end of a chunked body (RFC 9112 §7.1). */
const untilLastChunk: AnswerRest = {
  after: (chunk) =>
    chunk.subarray(-5).equals(Buffer.from('0\r\n\r\n')) ? undefined : untilLastChunk,
}
