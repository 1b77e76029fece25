import type { Socket } from 'node:net'

/**
 * Reads one JSON value per line from a socket. A line above the bound, or one that is no JSON, ends the connection: the
 * other end is not what it should be.
 */
export const onJsonLines = (
  socket: Socket,
  maxBytes: number,
  take: (value: unknown) => void,
): void => {
  let pending: string[] = []
  let size = 0
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    const lines = chunk.split('\n')
    for (const [index, line] of lines.entries()) {
      pending.push(line)
      size += line.length
      if (size > maxBytes) return void socket.destroy(new RangeError('the message is too long'))
      if (index === lines.length - 1) return
      const value = parse(pending.join(''))
      pending = []
      size = 0
      if (value === undefined)
        return void socket.destroy(new SyntaxError('the message is not JSON'))
      take(value)
    }
  })
}

const parse = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

export const writeJsonLine = (socket: Socket, value: unknown): void => {
  socket.write(`${JSON.stringify(value)}\n`)
}
