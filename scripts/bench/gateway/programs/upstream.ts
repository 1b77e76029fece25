// What stands behind every way: answers at once, with as little work as can be. `/stream` is an event stream that stays.
import { createServer } from 'node:net'

const BODY = '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"ok"}]}}'
const ANSWER = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`
const STREAM =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n'

/** @returns the length of the first request in the text; undefined while it is not whole */
const lengthOfFirst = (text: string): number | undefined => {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const body = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1]
  const whole = end + 4 + Number(body ?? 0)
  return text.length < whole ? undefined : whole
}

createServer({ noDelay: true }, (socket) => {
  let text = ''
  socket.on('error', () => undefined)
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1')
    for (let length = lengthOfFirst(text); length !== undefined; length = lengthOfFirst(text)) {
      socket.write(/^\S+ \S*\/stream /.test(text) ? STREAM : ANSWER)
      text = text.slice(length)
    }
  })
}).listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 })
